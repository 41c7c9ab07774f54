/** Hands files that were dropped on the page to a place with `takesFiles`. */
import { watch } from 'vue';
import { useRoute } from 'vue-router';
import { usePageState } from './page-state.js';

/**
 * Takes files while the place is shown, not while it is kept alive behind another.
 * @param take is given the files of one drop, those of a drop that opened the place included.
 */
export function useDroppedFiles(take: (files: readonly File[]) => void): void {
  const { droppedFiles } = usePageState();
  const route = useRoute();
  const own = route.meta.place;
  watch(
    [droppedFiles, () => route.meta.place] as const,
    ([files, shown]) => {
      if (files.length === 0 || shown !== own) return;
      droppedFiles.value = [];
      take(files);
    },
    { immediate: true },
  );
}

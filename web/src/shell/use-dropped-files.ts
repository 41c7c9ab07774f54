/** Hands files that were dropped on the page to a place with `takesFiles`. */
import { watch } from 'vue';
import { usePageState } from './page-state.js';

/** @param take is given the files of one drop, those of a drop that opened the place included. */
export function useDroppedFiles(take: (files: readonly File[]) => void): void {
  const { droppedFiles } = usePageState();
  watch(
    droppedFiles,
    (files) => {
      if (files.length === 0) return;
      droppedFiles.value = [];
      take(files);
    },
    { immediate: true },
  );
}

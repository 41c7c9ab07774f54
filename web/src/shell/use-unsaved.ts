/** Asks before the page is closed or reloaded while something would be lost: a recording, an upload, a call. */
import { computed, onScopeDispose, watch } from 'vue';
import { usePageState, type PageState } from './page-state.js';

/** @param isUnsaved is evaluated reactively: whether this part would lose something now. */
export function useUnsaved(isUnsaved: () => boolean): void {
  const { unsaved } = usePageState();
  unsaved.add(isUnsaved);
  onScopeDispose(() => unsaved.delete(isUnsaved));
}

/** Called once, by App. The listener exists only as long as it is needed: with one, browsers keep no page for Back. */
export function askBeforeUnload({ unsaved }: PageState): void {
  const hasUnsaved = computed(() => [...unsaved].some((isUnsaved) => isUnsaved()));
  watch(hasUnsaved, (needed) => {
    if (needed) addEventListener('beforeunload', ask);
    else removeEventListener('beforeunload', ask);
  });
  onScopeDispose(() => {
    removeEventListener('beforeunload', ask);
  });
}

function ask(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

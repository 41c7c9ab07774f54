/** Files that are dropped anywhere on the page go to a place that takes files; the browser never opens them. */
import { useEventListener, useTimeoutFn } from '@vueuse/core';
import { computed, readonly, ref, type ComputedRef, type Ref } from 'vue';
import { useRouter } from 'vue-router';
import { places } from '../places/index.js';
import type { PageState } from './page-state.js';
import { addressOf, type Place } from './place.js';

/** Browsers repeat `dragover` several times a second while the drag lasts, and do not always tell of its end. */
const DRAG_ENDED_MS = 1_000;

export interface FileDrop {
  /** Whether files are being dragged over the page. */
  readonly dragging: Readonly<Ref<boolean>>;
  /** The place that would get them: the one shown if it takes files, else the first that does. */
  readonly receiver: ComputedRef<Place | undefined>;
}

/** Called once, by App. */
export function receiveFileDrops({ droppedFiles }: PageState): FileDrop {
  const router = useRouter();
  const dragging = ref(false);
  const { start: awaitNextDragOver } = useTimeoutFn(() => (dragging.value = false), DRAG_ENDED_MS, {
    immediate: false,
  });
  const receiver = computed(() => {
    const shown = router.currentRoute.value.meta.place;
    return shown?.takesFiles === true ? shown : places.find(({ takesFiles }) => takesFiles === true);
  });

  useEventListener(window, 'dragover', (event) => {
    // Text that is dragged into a field is the browser's affair.
    if (event.dataTransfer?.types.includes('Files') !== true) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = receiver.value === undefined ? 'none' : 'copy';
    dragging.value = true;
    awaitNextDragOver();
  });
  // `relatedTarget` is null when the drag has left the window.
  useEventListener(window, 'dragleave', ({ relatedTarget }) => {
    if (relatedTarget === null) dragging.value = false;
  });
  useEventListener(window, 'drop', (event) => {
    dragging.value = false;
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    const place = receiver.value;
    if (place === undefined) return;
    droppedFiles.value = files;
    if (router.currentRoute.value.meta.place !== place) void router.push(addressOf(place));
  });
  return { dragging: readonly(dragging), receiver };
}

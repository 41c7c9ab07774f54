/** Keeps the end of a scrolling box in view while text is added to it, unless the user has scrolled up. */
import { useResizeObserver } from '@vueuse/core';
import { nextTick, ref, watch, type ShallowRef } from 'vue';
import type { Turn } from './transcript.js';

const NEAR_END_PX = 48;

/** @returns what the box calls when it is scrolled. */
export function useFollowEnd(
  box: Readonly<ShallowRef<HTMLElement | null>>,
  turns: () => readonly Turn[],
): () => void {
  const isFollowing = ref(true);
  let lastTop = 0;

  /** Only a user scrolls up. Away from the end without that is what has grown since the page itself scrolled. */
  function onScroll(): void {
    const { value: element } = box;
    if (!element) return;
    const { scrollHeight, scrollTop, clientHeight } = element;
    if (scrollHeight - scrollTop - clientHeight < NEAR_END_PX) isFollowing.value = true;
    else if (scrollTop < lastTop) isFollowing.value = false;
    lastTop = scrollTop;
  }

  function scrollToEnd(): void {
    if (isFollowing.value) box.value?.scrollTo({ top: box.value.scrollHeight });
  }

  watch(
    // A reply that is kept, or an end, adds a button or a line below the text.
    () => [turns().length, turns().at(-1)?.text, turns().at(-1)?.reply, turns().at(-1)?.state],
    async ([count], [previousCount]) => {
      // A new turn of the user is always scrolled into view.
      if (count !== previousCount && turns().at(-1)?.input.speaker === 'person') isFollowing.value = true;
      await nextTick();
      scrollToEnd();
    },
  );
  // A smaller window, or larger type, must not hide the newest words.
  useResizeObserver(box, scrollToEnd);
  return onScroll;
}

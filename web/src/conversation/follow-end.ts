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

  function onScroll(): void {
    const { value: element } = box;
    if (element)
      isFollowing.value = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END_PX;
  }

  function scrollToEnd(): void {
    if (isFollowing.value) box.value?.scrollTo({ top: box.value.scrollHeight });
  }

  watch(
    () => [turns().length, turns().at(-1)?.text],
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

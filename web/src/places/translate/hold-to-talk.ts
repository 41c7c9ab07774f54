/** Hold Space to talk: from the key that goes down outside of every control to the key that comes up. */
import { useEventListener } from '@vueuse/core';
import { onActivated, onDeactivated, readonly, ref, type Ref } from 'vue';

/** Whatever takes Space itself. */
const CONTROLS =
  'input, textarea, select, button, a, summary, dialog, [popover], [contenteditable], [tabindex="0"]';

/** @returns whether the key is held. */
export function useHoldToTalk(start: () => void, end: () => void): Readonly<Ref<boolean>> {
  const isHeld = ref(false);
  let isShown = true;
  onActivated(() => (isShown = true));
  onDeactivated(() => {
    isShown = false;
    release();
  });

  function release(): void {
    if (!isHeld.value) return;
    isHeld.value = false;
    end();
  }

  // Before the shortcuts of the page.
  const early = { capture: true };
  useEventListener(
    window,
    'keydown',
    (event: KeyboardEvent) => {
      const { key, target } = event;
      if (!isShown || key !== ' ' || event.ctrlKey || event.altKey || event.metaKey) return;
      if (isHeld.value)
        event.preventDefault(); // repeats, which would scroll the page
      else if (target instanceof Element && target.closest(CONTROLS) === null && !event.repeat) {
        event.preventDefault();
        isHeld.value = true;
        start();
      }
    },
    early,
  );
  useEventListener(
    window,
    'keyup',
    (event: KeyboardEvent) => {
      if (event.key !== ' ' || !isHeld.value) return;
      event.preventDefault();
      release();
    },
    early,
  );
  // The key that comes up in another window is never seen here.
  useEventListener(window, 'blur', release);
  return readonly(isHeld);
}

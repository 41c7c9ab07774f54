/** Keyboard shortcuts of the frame and of the place that is shown; settings list them. */
import { useEventListener } from '@vueuse/core';
import { onActivated, onDeactivated, onScopeDispose } from 'vue';
import { usePageState, type PageState, type Shortcut } from './page-state.js';
import { keysOf } from './shortcut-keys.js';

/** Adds shortcuts for as long as the component exists and its place is shown. */
export function useShortcuts(added: readonly Shortcut[]): void {
  const { shortcuts } = usePageState();
  const add = () => {
    for (const shortcut of added) shortcuts.add(shortcut);
  };
  const remove = () => {
    for (const shortcut of added) shortcuts.delete(shortcut);
  };
  add();
  onActivated(add);
  onDeactivated(remove);
  onScopeDispose(remove);
}

/** Called once, by App. */
export function runShortcuts({ shortcuts }: PageState): void {
  useEventListener(window, 'keydown', (event) => {
    if (event.defaultPrevented || event.isComposing || event.repeat) return;
    // In a field, keys without a modifier are text; in a dialog, the page behind it is not in use.
    const { target } = event;
    const isTyping = target instanceof Element && target.closest('input, textarea, select, dialog') !== null;
    if (isTyping && !event.ctrlKey && !event.altKey) return;
    const pressed = keysOf(event);
    // Space is how a button is pressed.
    if (pressed === 'Space' && target instanceof Element && target.closest('button, a, summary') !== null)
      return;
    const shortcut = [...shortcuts].findLast(({ keys }) => keys === pressed);
    if (shortcut === undefined) return;
    event.preventDefault();
    shortcut.run();
  });
}

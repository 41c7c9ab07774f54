/** Names pressed keys as shortcuts do: `Control+Enter`, `Alt+s`, `Space`, `?`. */

/** The command key of a Mac counts as Control. Shift is part of the key itself: Shift+/ is `?`. */
export function keysOf(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>): string {
  const modifiers = [event.ctrlKey || event.metaKey ? 'Control+' : '', event.altKey ? 'Alt+' : ''];
  return modifiers.join('') + (event.key === ' ' ? 'Space' : event.key);
}

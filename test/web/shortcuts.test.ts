/** The names of pressed keys. */
import { describe, expect, it } from '@jest/globals';
import { keysOf } from '../../web/src/shell/shortcut-keys.js';

const none = { ctrlKey: false, metaKey: false, altKey: false };

describe('keysOf', () => {
  it.each([
    [{ ...none, key: '?' }, '?'],
    [{ ...none, key: ' ' }, 'Space'],
    [{ ...none, key: 'Enter', ctrlKey: true }, 'Control+Enter'],
    [{ ...none, key: 's', altKey: true }, 'Alt+s'],
  ])('of %o is %s', (event, keys) => {
    expect(keysOf(event)).toBe(keys);
  });

  it('takes the command key of a Mac for Control', () => {
    expect(keysOf({ ...none, key: 'Enter', metaKey: true })).toBe('Control+Enter');
  });
});

import { describe, expect, it } from '@jest/globals';
import { PromptItems } from '../../src/upstream/prompt-items.js';

describe('the prompts of a socket', () => {
  it('become an item each, once, with an id that servers accept', () => {
    const items = new PromptItems(10);
    const first = items.ensure('one');
    expect(first).toMatchObject({ isNew: true, evictedId: undefined });
    expect(first.id).toMatch(/^[\w-]{1,32}$/);
    expect(items.ensure('one')).toEqual({ id: first.id, isNew: false, evictedId: undefined });
    expect(items.ensure('two').id).not.toBe(first.id);
    expect(items.has('one')).toBe(true);
    expect(items.has('three')).toBe(false);
  });

  it('beyond the limit take the place of the one that was used longest ago', () => {
    const items = new PromptItems(2);
    const [one, two] = [items.ensure('one').id, items.ensure('two').id];
    items.ensure('one');
    expect(items.ensure('three').evictedId).toBe(two);
    expect(items.has('two')).toBe(false);
    expect(items.ensure('four').evictedId).toBe(one);
  });

  it('are the same item on every socket', () => {
    expect(new PromptItems(1).ensure('one').id).toBe(new PromptItems(9).ensure('one').id);
  });

  it('that upstream turns out not to have are created anew', () => {
    const items = new PromptItems(10);
    const { id } = items.ensure('one');
    items.ensure('two');
    items.invalidate('one');
    expect(items.ensure('one')).toEqual({ id, isNew: true, evictedId: undefined });
    items.invalidateNamedIn(`Item with id '${id}' not found.`);
    expect([items.has('one'), items.has('two')]).toEqual([false, true]);
  });

  it('are recently used after they were created anew, too', () => {
    const items = new PromptItems(2);
    items.ensure('one');
    const two = items.ensure('two').id;
    items.invalidate('one');
    items.ensure('one');
    expect(items.ensure('three').evictedId).toBe(two);
  });
});

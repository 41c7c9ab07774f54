import { describe, expect, it } from '@jest/globals';
import { textOfItem, textOfPart, WholeText } from '../../src/upstream/whole-text.js';
import type { Item } from '../../src/wire/index.js';

const at = (outputIndex: number, contentIndex: number) => ({
  ...{ responseId: 'resp_1', itemId: 'item_1' },
  outputIndex,
  contentIndex,
});

const item = (...texts: string[]): Item => ({
  role: 'assistant',
  parts: texts.map((text) => ({ type: 'text', text })),
});

describe('the text of complete parts and items', () => {
  it('is empty where there are none', () => {
    expect(new WholeText().text).toBe('');
  });

  it('is in the order of their places, not of their arrival', () => {
    const whole = new WholeText();
    whole.addPart(at(1, 0), 'three ');
    whole.addPart(at(0, 1), 'two ');
    whole.addItem(2, item('four', ' five'));
    whole.addPart(at(0, 0), 'one ');
    expect(whole.text).toBe('one two three four five');
  });

  it('has the text of an item once, though its parts came as well', () => {
    const whole = new WholeText();
    whole.addPart(at(0, 0), 'one ');
    whole.addPart(at(0, 1), 'two');
    whole.addItem(0, item('one ', 'two'));
    whole.addPart(at(0, 1), 'two');
    expect(whole.text).toBe('one two');
  });

  it('is that of the parts where the item has none', () => {
    const whole = new WholeText();
    whole.addPart(at(0, 0), 'one');
    whole.addPart(at(0, 0), '');
    whole.addItem(0, item());
    expect(whole.text).toBe('one');
  });
});

describe('the text of a part', () => {
  it('is its text, or the transcript of its sound', () => {
    expect(textOfPart({ type: 'text', text: 'words' })).toBe('words');
    expect(textOfPart({ type: 'audio', transcript: 'spoken' })).toBe('spoken');
    expect(textOfPart({ type: 'audio' })).toBe('');
    expect(
      textOfItem({
        role: 'assistant',
        parts: [
          { type: 'audio', transcript: 'a' },
          { type: 'text', text: 'b' },
        ],
      }),
    ).toBe('ab');
  });
});

/** Cutting text into sentences and putting it into Apertium's stream format lose nothing. */
import { describe, expect, it } from '@jest/globals';
import {
  splitIntoSegments,
  decodeSentence,
  encodeSentence,
  readAnalysis,
} from '../../src/offline/engine/apertium-text.js';

function sentencesOf(text: string): string[] {
  return splitIntoSegments(text).map(({ sentence }) => sentence);
}

function joined(text: string): string {
  return splitIntoSegments(text)
    .map(({ before, sentence, after }) => before + sentence + after)
    .join('');
}

describe('cutting', () => {
  it('ends a sentence after its stop and whatever closes it', () => {
    expect(sentencesOf('It rains. “Really?” (Yes!) I see… Good.')).toEqual([
      'It rains.',
      '“Really?”',
      '(Yes!)',
      'I see…',
      'Good.',
    ]);
  });

  it('does not end one after an abbreviation or inside a number', () => {
    expect(sentencesOf('Dr. Miller paid 3.14 dollars.')).toEqual(['Dr. Miller paid 3.14 dollars.']);
    expect(sentencesOf('Mr. A. Smith, approx. five. Then it.')).toEqual([
      'Mr. A. Smith, approx. five.',
      'Then it.',
    ]);
  });

  it('takes a line that goes on in small letters as the same sentence, any other as a new one', () => {
    expect(sentencesOf('the red\nhouse\nApples\nPears\n\nend')).toEqual([
      'the red\nhouse',
      'Apples',
      'Pears',
      'end',
    ]);
  });

  it('takes long lines as wrapped, even where the next one begins with a capital', () => {
    const wrapped =
      'The offer is good for everyone who has been given a copy under this\nLicense or another.';
    expect(sentencesOf(wrapped)).toEqual([wrapped]);
  });

  it('ends one at a NUL, which a pipeline could not carry', () => {
    expect(splitIntoSegments('one\0two')).toEqual([
      { before: '', sentence: 'one', after: '\0' },
      { before: '', sentence: 'two', after: '' },
    ]);
  });

  it('cuts what is too long where it does the least harm, never through a character', () => {
    expect(sentencesOf('A x. '.repeat(300)).every((part) => part.endsWith('x.'))).toBe(true);
    expect(sentencesOf('a, b '.repeat(300))[0]).toMatch(/a,$/);
    expect(Math.max(...sentencesOf('word '.repeat(2_000)).map(({ length }) => length))).toBeLessThanOrEqual(
      1_000,
    );
    for (const part of sentencesOf(`x${'😀'.repeat(3_000)}`)) expect(part).not.toMatch(/\p{Surrogate}/u);
  });

  it.each([
    '',
    ' ',
    '\n \n',
    ' a ',
    '\r\n a.\r\n\r\n b?  c ',
    '\0\0a\0',
    '\n\n\n',
    '. . .',
    'a\n\n\n\nb\u2028c',
  ])('keeps every character of %j', (text) => {
    expect(joined(text)).toBe(text);
  });

  it('keeps every character of long texts', () => {
    for (const text of ['x'.repeat(20_000), 'to '.repeat(6_000), '. '.repeat(9_000), '\n'.repeat(9_000)]) {
      expect(joined(text)).toBe(text);
    }
  });
});

describe('the stream format', () => {
  it.each([
    '[ ] { } ^ $ \\ / @ < >',
    '[[t:b:1]]x[[/]] ^hello<n>$ .[]',
    'two  blanks, a\ttab and a\nline',
    'bell \x07 and escape \x1b[31m',
    'tilde ~ and ~~two~~',
    'see https://example.com/the/red/house?a=[b]&c=d, or write to a.b+c@example.com',
    '-n --help @file %s $(rm) `ls`',
  ])('brings %j back as it was', (sentence) => {
    expect(decodeSentence(encodeSentence(sentence), sentence)).toBe(sentence);
  });

  it('hides addresses, control characters and tildes from the translator', () => {
    expect(encodeSentence('See https://a.b/c. Or\x07 ~x a@b.cd')).toBe(
      'See [https:\\/\\/a.b\\/c]. Or[\x07] [~]x [a\\@b.cd].[]',
    );
  });

  it('removes the blanks that words which fell away left behind', () => {
    expect(decodeSentence(' Tengo una  casa .[]', 'I have a house')).toBe('Tengo una casa');
    expect(decodeSentence('una casa ..[]', 'a house.')).toBe('una casa.');
    expect(decodeSentence('la gare ?.[]', 'la gare ?')).toBe('la gare ?');
  });
});

it('reads of an analysis which words are known, and which are names', () => {
  const analysis = '^on/on<pr>$ ^monday/Monday<n><sg>$ ^york/*york$ ^a\\/b/*a\\/b$^./.<sent>$[]';
  expect(readAnalysis(analysis)).toEqual([
    { word: 'on', isKnown: true, isName: false },
    { word: 'monday', isKnown: true, isName: true },
    { word: 'york', isKnown: false, isName: false },
    { word: 'a/b', isKnown: false, isName: false },
    { word: '.', isKnown: true, isName: false },
  ]);
});

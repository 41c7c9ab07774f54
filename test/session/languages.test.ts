/** Language tags: what is taken, and how it is spelt and named. */
import { describe, expect, it } from '@jest/globals';
import { canonicalTag, languageName } from '../../src/session/languages.js';

describe('a language tag', () => {
  it.each([
    ['en', 'en'],
    ['EN-us', 'en-US'],
    ['sr-latn-rs', 'sr-Latn-RS'],
    ['iw', 'he'],
    ['cmn', 'zh'],
    ['yue', 'yue'],
    ['es-419', 'es-419'],
    ['de-1996', 'de-1996'],
  ])('%s is taken as %s', (tag, canonical) => {
    expect(canonicalTag(tag)).toBe(canonical);
  });

  it.each([
    '',
    'e',
    'english',
    'English',
    'auto',
    'en_US',
    'en-',
    '-en',
    'en US',
    ' en',
    'x-mine',
    '12',
    '日本',
    'en,fr',
  ])('"%s" is none', (text) => {
    expect(canonicalTag(text)).toBeUndefined();
  });

  it('may not be a page long', () => {
    expect(canonicalTag(`en-u-${'co-phonebk-'.repeat(20)}x`)).toBeUndefined();
    expect(canonicalTag(`en${'-a'.repeat(50_000)}`)).toBeUndefined();
  });
});

describe('the English name of a language', () => {
  it.each([
    ['es', 'Spanish'],
    ['pt-BR', 'Brazilian Portuguese'],
    ['zh-Hant', 'Traditional Chinese'],
    ['qaa', 'qaa'],
  ])('of %s is %s', (tag, name) => {
    expect(languageName(tag)).toBe(name);
  });
});

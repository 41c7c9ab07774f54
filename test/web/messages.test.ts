/** The messages of the page. The compiler finds missing ones, this test those left in English. */
import { describe, expect, it } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ERROR_CODES } from '../../src/errors.js';
import { en } from '../../web/src/i18n/en.js';
import type { Localized } from '../../web/src/i18n/locales.js';
import { zhHans } from '../../web/src/i18n/zh-hans.js';
import { zhHant } from '../../web/src/i18n/zh-hant.js';

/** Every text with its path; functions are called with a sample. */
function texts(messages: object, path = ''): [string, string][] {
  return Object.entries(messages).flatMap(([name, value]: [string, unknown]): [string, string][] => {
    const here = `${path}/${name}`;
    if (typeof value === 'string') return [[here, value]];
    if (typeof value === 'function') return [[here, String((value as (sample: string) => unknown)('7'))]];
    return texts(value as object, here);
  });
}

/** Those of every place and part, and those that they share. */
const SOURCE = fileURLToPath(new URL('../../web/src/', import.meta.url));
const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter(
  (name) => basename(name) === 'messages.ts',
);
const shared: Localized<object> = { en, 'zh-Hans': zhHans, 'zh-Hant': zhHant };
const own = await Promise.all(
  files.map(async (name): Promise<[string, Localized<object>]> => {
    const module = (await import(SOURCE + name)) as { readonly messages: Localized<object> };
    return [name, module.messages];
  }),
);

/** Names of companies and punctuation are the same in every language. */
const NOT_WORDS = /^\/(engine\/providers\/|listSeparator$)/;

describe.each([['i18n', shared] as const, ...own])('the messages of %s', (_, messages) => {
  it.each(['zh-Hans', 'zh-Hant'] as const)('are Chinese throughout in %s', (locale) => {
    const foreign = texts(messages[locale]).filter(
      ([path, text]) => !NOT_WORDS.test(path) && !/\p{Script=Han}/u.test(text),
    );
    expect(foreign).toEqual([]);
  });
});

it('finds the messages of the places', () => {
  expect(files.length).toBeGreaterThanOrEqual(4);
});

describe('error sentences', () => {
  it.each([en, zhHans, zhHant])('exist for every error of the service', (messages) => {
    expect(Object.keys(messages.errors)).toEqual(expect.arrayContaining([...ERROR_CODES]));
  });

  it.each([en, zhHans, zhHant])('are sentences', (messages) => {
    for (const sentence of Object.values(messages.errors)) expect(sentence).toMatch(/[.。]$/);
  });
});

/** The messages of the page. The compiler finds missing ones, this test those left in English. */
import { describe, expect, it } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ERROR_CODES } from '../../src/errors.js';
import type { OwnMessages, Translation } from '../../web/src/i18n/define-messages.js';
import { en } from '../../web/src/i18n/en.js';
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
const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' });
const own = await Promise.all(
  files
    .filter((name) => name.endsWith('messages.ts') && !name.startsWith('i18n/'))
    .map(async (name) => {
      const { messages } = (await import(SOURCE + name)) as { readonly messages: OwnMessages };
      return { name, ...messages };
    }),
);

async function translationOf(name: string, locale: string): Promise<Translation> {
  const file = SOURCE + name.replace(/ts$/, `${locale.toLowerCase()}.ts`);
  return ((await import(file)) as { readonly default: Translation }).default;
}

/** Names of companies and punctuation are the same in every language. */
const NOT_WORDS = /^\/(engine\/providers\/|listSeparator$)/;

function expectChinese(messages: object): void {
  const foreign = texts(messages).filter(
    ([path, text]) => !NOT_WORDS.test(path) && !/\p{Script=Han}/u.test(text),
  );
  expect(foreign).toEqual([]);
}

describe.each([
  ['zh-Hans', zhHans],
  ['zh-Hant', zhHant],
] as const)('in %s', (locale, shared) => {
  it('the shared messages are Chinese throughout', () => {
    expectChinese(shared);
  });

  it.each(own)('those of $name are translated, and Chinese throughout', async ({ name, id, en }) => {
    const translation = await translationOf(name, locale);
    expect(translation.id).toBe(id);
    expect(Object.keys(translation.messages)).toEqual(Object.keys(en));
    expectChinese(translation.messages);
  });
});

it('finds the messages of the places, of which each has an id of its own', () => {
  expect(own.length).toBeGreaterThanOrEqual(9);
  expect(new Set(own.map(({ id }) => id)).size).toBe(own.length);
});

describe('error sentences', () => {
  it.each([en, zhHans, zhHant])('exist for every error of the service', (messages) => {
    expect(Object.keys(messages.errors)).toEqual(expect.arrayContaining([...ERROR_CODES]));
  });

  it.each([en, zhHans, zhHant])('are sentences', (messages) => {
    for (const sentence of Object.values(messages.errors)) expect(sentence).toMatch(/[.。]$/);
  });
});

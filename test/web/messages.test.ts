/** The messages of the page. The compiler finds missing ones, this test those left in English. */
import { describe, expect, it } from '@jest/globals';
import { ERROR_CODES } from '../../src/errors.js';
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

describe.each([
  ['简体中文', zhHans],
  ['繁體中文', zhHant],
])('%s', (_, messages) => {
  it('is Chinese throughout', () => {
    const foreign = texts(messages).filter(([, text]) => !/\p{Script=Han}/u.test(text));
    expect(foreign).toEqual([]);
  });
});

describe('error sentences', () => {
  it.each([en, zhHans, zhHant])('exist for every error of the service', (messages) => {
    expect(Object.keys(messages.errors)).toEqual(expect.arrayContaining([...ERROR_CODES]));
  });

  it.each([en, zhHans, zhHant])('are sentences', (messages) => {
    for (const sentence of Object.values(messages.errors)) expect(sentence).toMatch(/[.。]$/);
  });
});

/** The rooms of src/ keep to the edges that docs/architecture.md allows. */
import { expect, it } from '@jest/globals';
import { RULES } from './architecture/rules.js';
import { readSources } from './architecture/source.js';

const sources = readSources('src');

it('reads sources at all', () => {
  expect(sources.map(({ path }) => path)).toContain('wire/index.ts');
});

it.each(RULES)('$name', ({ breaches }) => {
  expect(breaches(sources)).toEqual([]);
});

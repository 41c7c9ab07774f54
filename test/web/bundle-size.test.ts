/** What a visit costs: the compressed bytes of the built page, by the manifest of its build. */
import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const DIST = fileURLToPath(new URL('../../web/dist/', import.meta.url));
const FIRST_LOAD_BYTES = 100_000;
const PLACE_BYTES = 45_000;
/** All that the page says in a language other than English. */
const LANGUAGE_BYTES = 8_000;

interface Chunk {
  readonly file: string;
  readonly imports?: readonly string[];
  readonly css?: readonly string[];
}

const manifest = JSON.parse(readFileSync(`${DIST}.vite/manifest.json`, 'utf8')) as Record<string, Chunk>;
const views = Object.keys(manifest).filter((name) => name.startsWith('src/places/'));
const isPlace = (view: string): boolean => /^src\/places\/[^/]+\/[^/]+View\.vue$/.test(view);
const languages = Object.keys(manifest).filter((name) => name.startsWith('src/i18n/all-'));
const settings = 'src/shell/settings/SettingsSheet.vue';

/** The files of a chunk and of all that it imports. */
function filesOf(name: string, seen = new Set<string>()): Set<string> {
  const chunk = manifest[name];
  if (chunk === undefined) throw new Error(`the build has no ${name}`);
  if (seen.has(chunk.file)) return seen;
  for (const file of [chunk.file, ...(chunk.css ?? [])]) seen.add(file);
  for (const imported of chunk.imports ?? []) filesOf(imported, seen);
  return seen;
}

function compressedBytes(files: Iterable<string>): number {
  return [...files].reduce((total, file) => total + gzipSync(readFileSync(DIST + file)).length, 0);
}

const frame = filesOf('index.html');

describe('the built page', () => {
  it('loads each place on its own', () => {
    expect(views.filter(isPlace).length).toBeGreaterThanOrEqual(3);
    for (const view of views) expect([...frame]).not.toContain(manifest[view]?.file);
  });

  it.each(views)('costs no more than it may for a first visit to %s', (view) => {
    const bytes = compressedBytes(['index.html', ...new Set([...frame, ...filesOf(view)])]);
    expect(bytes).toBeGreaterThan(20_000);
    expect(bytes).toBeLessThan(FIRST_LOAD_BYTES);
  });

  it.each([...views, settings])(`costs less than ${PLACE_BYTES / 1000} kB more for %s`, (view) => {
    expect(compressedBytes([...filesOf(view)].filter((file) => !frame.has(file)))).toBeLessThan(PLACE_BYTES);
  });

  it.each(languages)('loads %s as one file, which costs no more than it may', (language) => {
    const files = [...filesOf(language)].filter((file) => !frame.has(file));
    expect(files).toHaveLength(1);
    expect(compressedBytes(files)).toBeLessThan(LANGUAGE_BYTES);
  });

  it('loads no sentence in Chinese where it is shown in English', () => {
    for (const view of ['index.html', settings, ...views])
      for (const file of filesOf(view)) expect(readFileSync(DIST + file, 'utf8')).not.toContain('。');
  });
});

/** What a visit costs: the compressed bytes of the built page, by the manifest of its build. */
import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const DIST = fileURLToPath(new URL('../../web/dist/', import.meta.url));
const FIRST_LOAD_BYTES = 100_000;
/** A link to what is opened within a place, e.g. a job, loads the place too. */
const OPENED_BYTES = 110_000;
const PLACE_BYTES = 45_000;

interface Chunk {
  readonly file: string;
  readonly imports?: readonly string[];
  readonly css?: readonly string[];
}

const manifest = JSON.parse(readFileSync(`${DIST}.vite/manifest.json`, 'utf8')) as Record<string, Chunk>;
const views = Object.keys(manifest).filter((name) => name.startsWith('src/places/'));
const isPlace = (view: string): boolean => /^src\/places\/[^/]+\/[^/]+View\.vue$/.test(view);
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
    expect(bytes).toBeLessThan(isPlace(view) ? FIRST_LOAD_BYTES : OPENED_BYTES);
  });

  it.each([...views, settings])(`costs less than ${PLACE_BYTES / 1000} kB more for %s`, (view) => {
    expect(compressedBytes([...filesOf(view)].filter((file) => !frame.has(file)))).toBeLessThan(PLACE_BYTES);
  });
});

/** The files of the page: their types, encodings and lifetimes, and the styles that its policy allows. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { readStyleHashes } from '../../src/http/endpoints/page.js';
import { startHttp, type HttpFixture } from '../support/http.js';

const HASH = 'sha256-fF0LBso7Nz75zaFRDBUefBDvPe19hjaiDnnc8lt+2Js=';
const LONG = 'a'.repeat(4_000);
let folder: string;
let http: HttpFixture;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'page-'));
  await mkdir(join(folder, 'assets'));
  const files = {
    'index.html': '<!doctype html><title>t</title>',
    'app.webmanifest': `{"name":"${LONG}"}`,
    'icon-192.png': LONG,
    'assets/text-1a2b.woff2': LONG,
    'assets/files-3c4d.js': LONG,
    'style-hashes.json': JSON.stringify([HASH]),
  };
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)));
  http = await startHttp({ deps: { pageFolder: folder } });
});
afterAll(async () => {
  await http.close();
  await rm(folder, { recursive: true });
});

const get = (path: string) => request(http.url).get(path).set('Accept-Encoding', 'gzip');

describe('a file of the page', () => {
  it.each([
    ['/app.webmanifest', 'application/manifest+json; charset=utf-8', 'gzip', 'no-cache'],
    ['/icon-192.png', 'image/png', undefined, 'no-cache'],
    ['/assets/text-1a2b.woff2', 'font/woff2', undefined, 'public, max-age=31536000, immutable'],
    [
      '/assets/files-3c4d.js',
      'text/javascript; charset=utf-8',
      'gzip',
      'public, max-age=31536000, immutable',
    ],
  ])('%s is %s, encoded as %s', async (path, type, encoding, cacheControl) => {
    const answer = await get(path);
    expect([answer.status, answer.headers['content-type']]).toEqual([200, type]);
    expect(answer.headers['content-encoding']).toBe(encoding);
    expect(answer.headers['cache-control']).toBe(cacheControl);
    expect(answer.headers.vary?.includes('Accept-Encoding') === true).toBe(encoding !== undefined);
    const known = await get(path).set('If-None-Match', String(answer.headers.etag));
    expect(known.status).toBe(304);
  });

  it('that only the service reads is not served', async () => {
    expect((await get('/style-hashes.json')).status).toBe(404);
  });
});

describe('the policy of the page', () => {
  it('allows the styles that the build has found, and no other', async () => {
    const policy = String((await get('/')).headers['content-security-policy']);
    expect(/style-src ([^;]*)/.exec(policy)?.[1]).toBe(`'self' '${HASH}'`);
    expect(policy).not.toContain('unsafe');
  });

  it('stands on documents, and not on what is loaded into them', async () => {
    const script = (await get('/assets/files-3c4d.js')).headers;
    expect(script['content-security-policy']).toBeUndefined();
    expect(script['x-frame-options']).toBeUndefined();
    expect(script['x-content-type-options']).toBe('nosniff');
    expect((await get('/')).headers['x-frame-options']).toBe('DENY');
  });

  it('is not extended by a file that is damaged: the service does not start', async () => {
    const damaged = await mkdtemp(join(tmpdir(), 'page-'));
    await writeFile(join(damaged, 'style-hashes.json'), `["sha256-x' 'unsafe-inline"]`);
    expect(() => readStyleHashes(damaged)).toThrow('not a list of hashes');
    await rm(damaged, { recursive: true });
    expect(readStyleHashes(damaged)).toEqual([]);
  });
});

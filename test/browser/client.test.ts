/** The client in a real browser, on a page of another origin: fetch, forms and streams of the browser itself. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import type { TranslationClient } from '../../src/client/index.js';
import { launchBrowser, visit } from '../support/browser/browser.js';
import { startGateway, type Running } from '../support/gateway.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FAMILY = new URL('../../samples/family.wav', import.meta.url);

let service: Running;
let browser: Browser;
let site: Server;
let origin: string;
let folder: string;

beforeAll(async () => {
  folder = await buildClient();
  const recording = await readFile(FAMILY);
  site = createServer((req, res) => {
    const { url = '' } = req;
    if (/^\/client\/[a-z-]+\.js$/.test(url)) {
      res.setHeader('content-type', 'text/javascript');
      createReadStream(path.join(folder, url)).pipe(res);
    } else if (url === '/family.wav') res.end(recording);
    else res.setHeader('content-type', 'text/html').end('<!doctype html><title>A page of somebody</title>');
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  service = await startGateway({ API_KEYS: 'key-of-the-page', CORS_ORIGINS: origin });
  browser = await launchBrowser('missing');
});
afterAll(async () => {
  await browser.close();
  await service.close();
  site.close();
  site.closeAllConnections();
  await rm(folder, { recursive: true });
});

/** The modules as they are published; a browser loads them without a bundler. */
async function buildClient(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'client-'));
  const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc');
  const options = ['--noCheck', '--declaration', 'false', '-p', 'src/client', '--outDir', folder];
  await promisify(execFile)(process.execPath, [tsc, ...options], { cwd: ROOT });
  return folder;
}

it('translates, streams, follows a job and tells errors', async () => {
  const { page, browserErrors, ...visited } = await visit(browser, origin);
  const seen = await page.evaluate(
    async ({ url, script }) => {
      const module = (await import(script)) as { TranslationClient: typeof TranslationClient };
      const client = new module.TranslationClient({ url, key: 'key-of-the-page' });
      const file = await (await fetch('/family.wav')).blob();
      const { text } = await client.translate({ text: 'Good morning.', source: 'en', target: 'es' });
      const srt = await client.translate({ file, source: 'en', target: 'es', format: 'srt' });
      const types: string[] = [];
      for await (const event of client.stream({ file, source: 'en', target: 'es' })) types.push(event.type);
      const { jobId } = await client.jobs.create({ file, source: 'en', target: ['es', 'fr'] });
      const { state } = await client.jobs.wait(jobId);
      const french = await client.jobs.result(jobId, { format: 'text', target: 'fr' });
      await client.jobs.delete(jobId);
      const error = await client.jobs.get(jobId).catch((thrown: unknown) => thrown as { code: string });
      const left: string[] = [];
      for await (const event of client.stream({ text: 'Good morning.', target: 'es' })) {
        left.push(event.type);
        break;
      }
      return { text, srt, types, state, french, code: 'code' in error ? error.code : '', left };
    },
    { url: service.url, script: `${origin}/client/index.js` },
  );
  expect(seen).toMatchObject({
    ...{ text: 'Buenos días.', state: 'completed', code: 'job-not-found' },
    srt: expect.stringContaining('Vivo en una casa'),
    french: expect.stringContaining('maison'),
    left: ['translation.started'],
  });
  expect(seen.types[0]).toBe('translation.started');
  expect(seen.types.at(-1)).toBe('translation.done');
  expect(browserErrors).toEqual([]);
  await visited.close();
});

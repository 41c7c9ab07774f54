/** The place that web/README.md shows: one folder and one line, in a copy of the page that is built and opened. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { launchBrowser, visit } from '../support/browser/browser.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let folder: string;
let browser: Browser;
let server: Server | undefined;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'place-'));
  browser = await launchBrowser('missing');
});
afterAll(async () => {
  server?.closeAllConnections();
  server?.close();
  await browser.close();
  await rm(folder, { recursive: true });
});

/** The blocks of code below "Add a place", by the file that the text before each names. */
function filesIn(readme: string): Map<string, string> {
  const section = readme.slice(readme.indexOf('## Add a place'));
  const blocks = section.matchAll(/`src\/(places\/[\w./-]+)`[^`]*(?:`[^`\n]+`[^`]*)*```\w+\n([^]*?)```/g);
  return new Map([...blocks].map(([, file = '', code = '']) => [file, code]));
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
};

/** Serves a folder, and nothing of the API: the place needs none. */
function serve(dist: string): Server {
  return createServer((req, res) => {
    const name = req.url === '/' ? '/index.html' : (req.url ?? '');
    readFile(path.join(dist, name)).then(
      (content) => res.setHeader('Content-Type', TYPES[path.extname(name)] ?? 'text/plain').end(content),
      () => res.writeHead(404).end(),
    );
  }).listen(0, '127.0.0.1');
}

async function copyOfThePage(): Promise<string> {
  const web = path.join(folder, 'web');
  await cp(path.join(ROOT, 'web'), web, {
    recursive: true,
    filter: (source) => !source.startsWith(path.join(ROOT, 'web/dist')),
  });
  // What the page has from the package.
  for (const shared of ['src/errors.ts', 'src/client'])
    await cp(path.join(ROOT, shared), path.join(folder, shared), { recursive: true });
  for (const name of ['package.json', 'tsconfig.json'])
    await cp(path.join(ROOT, name), path.join(folder, name));
  await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  return web;
}

it('appears in the navigation, opens under its address, and speaks every language of the page', async () => {
  const web = await copyOfThePage();
  const files = filesIn(await readFile(path.join(web, 'README.md'), 'utf8'));
  const line = files.get('places/index.ts') ?? '';
  expect([...files.keys()].sort()).toEqual([
    'places/hello/HelloView.vue',
    'places/hello/index.ts',
    'places/hello/messages.ts',
    'places/hello/messages.zh-hans.ts',
    'places/hello/messages.zh-hant.ts',
    'places/index.ts',
  ]);
  expect(line.trim().split('\n')).toHaveLength(1);

  await mkdir(path.join(web, 'src/places/hello'));
  for (const [file, code] of files) {
    if (file !== 'places/index.ts') await writeFile(path.join(web, 'src', file), code);
  }
  const table = path.join(web, 'src/places/index.ts');
  await writeFile(table, (await readFile(table, 'utf8')).replace(/(\n\];)/, `\n${line.trimEnd()}$1`));

  await promisify(execFile)(path.join(ROOT, 'node_modules/.bin/vite'), ['build', web, '--logLevel', 'error']);
  server = serve(path.join(web, 'dist'));
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

  const english = await visit(browser, url);
  const { page } = english;
  await page.getByRole('navigation').getByRole('link', { name: 'Hello' }).click();
  await page.getByRole('region', { name: 'Hello' }).getByText('Hello, Ada!').waitFor();
  expect(page.url()).toMatch(/#\/hello$/);
  expect(await page.title()).toBe('Hello – Realtime Translation');
  await english.close();

  const chinese = await visit(browser, `${url}#/hello`, { locale: 'zh-TW' });
  await chinese.page.getByRole('region', { name: '你好' }).getByText('Ada，你好！').waitFor();
  await chinese.close();
});

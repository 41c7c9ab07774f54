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
import type { Browser, Locator } from 'playwright-core';
import { launchBrowser, visit } from '../support/browser/browser.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let folder: string;
let web: string;
let browser: Browser;
const servers: Server[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'place-'));
  [web, browser] = await Promise.all([copyOfThePage(), launchBrowser('missing')]);
});
afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
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

/** Serves a folder, and nothing of the API: the place needs none. @returns its address. */
async function serve(dist: string): Promise<string> {
  const server = createServer((req, res) => {
    const name = req.url === '/' ? '/index.html' : (req.url ?? '');
    readFile(path.join(dist, name)).then(
      (content) => res.setHeader('Content-Type', TYPES[path.extname(name)] ?? 'text/plain').end(content),
      () => res.writeHead(404).end(),
    );
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function copyOfThePage(): Promise<string> {
  const copy = path.join(folder, 'web');
  await cp(path.join(ROOT, 'web'), copy, {
    recursive: true,
    filter: (source) => !source.startsWith(path.join(ROOT, 'web/dist')),
  });
  // What the page has from the package.
  for (const shared of ['src/errors.ts', 'src/client'])
    await cp(path.join(ROOT, shared), path.join(folder, shared), { recursive: true });
  for (const name of ['package.json', 'tsconfig.json'])
    await cp(path.join(ROOT, name), path.join(folder, name));
  await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  return copy;
}

/** Adds the place of the README to the copy, under another name where one is given, and builds. @returns the address. */
async function addPlace(files: ReadonlyMap<string, string>, id = 'hello', name = 'Hello'): Promise<string> {
  const renamed = (text: string) => text.replaceAll("'hello'", `'${id}'`).replaceAll("'Hello'", `'${name}'`);
  await mkdir(path.join(web, 'src/places', id));
  for (const [file, code] of files) {
    const target = path.join(web, 'src', file.replace('/hello/', `/${id}/`));
    if (file !== 'places/index.ts') await writeFile(target, renamed(code));
  }
  const table = path.join(web, 'src/places/index.ts');
  const line = renamed(files.get('places/index.ts') ?? '').trimEnd();
  await writeFile(table, (await readFile(table, 'utf8')).replace(/(\n\];)/, `\n${line}$1`));
  await promisify(execFile)(path.join(ROOT, 'node_modules/.bin/vite'), ['build', web, '--logLevel', 'error']);
  return serve(path.join(web, 'dist'));
}

it('appears in the navigation, opens under its address, and speaks every language of the page', async () => {
  const files = filesIn(await readFile(path.join(web, 'README.md'), 'utf8'));
  expect([...files.keys()].sort()).toEqual([
    'places/hello/HelloView.vue',
    'places/hello/index.ts',
    'places/hello/messages.ts',
    'places/hello/messages.zh-hans.ts',
    'places/hello/messages.zh-hant.ts',
    'places/index.ts',
  ]);
  expect(files.get('places/index.ts')?.trim().split('\n')).toHaveLength(1);
  const url = await addPlace(files);

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

it('is under More at the bottom of a phone where there are more than five', async () => {
  const files = filesIn(await readFile(path.join(web, 'README.md'), 'utf8'));
  const url = await addPlace(files, 'sixth', 'Sixth');
  const phone = await visit(browser, url, { viewport: { width: 390, height: 844 } });
  const { page } = phone;
  const bar = page.getByRole('navigation');
  const more = bar.getByRole('button', { name: 'More' });
  await more.waitFor();
  const shown = async () => bar.getByRole('link').filter({ visible: true }).allInnerTexts();
  expect(await shown()).toEqual(['Translate', 'Interpreter', 'Files', 'Chat']);

  await more.click();
  expect(await shown()).toEqual(['Translate', 'Interpreter', 'Files', 'Chat', 'Hello', 'Sixth']);
  await page.keyboard.press('Escape');
  expect(await shown()).toHaveLength(4);

  await more.press('Enter');
  await bar.getByRole('link', { name: 'Sixth' }).click();
  await page.getByRole('region', { name: 'Sixth' }).getByText('Hello, Ada!').waitFor();
  expect(await shown()).toHaveLength(4);
  // What is open is marked, though its link is not shown.
  const colour = (link: Locator) => link.evaluate((element) => getComputedStyle(element).color);
  expect(await colour(more)).not.toBe(await colour(bar.getByRole('link', { name: 'Chat' })));

  await bar.getByRole('link', { name: 'Chat' }).click();
  await page.getByRole('region', { name: 'Chat' }).waitFor();
  expect(await colour(more)).toBe(await colour(bar.getByRole('link', { name: 'Translate' })));
  await page.setViewportSize({ width: 1440, height: 900 });
  expect(await shown()).toEqual(['Translate', 'Interpreter', 'Files', 'Chat', 'Hello', 'Sixth']);
  await phone.close();
});

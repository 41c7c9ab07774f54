/** The player under the policy of the pages: the build computes the hash of the style that it writes. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { stylesIn } from '../../web/style-hashes';
import { WAVEFORM_HEIGHT_PX } from '../../web/waveform';
import { launchBrowser } from '../support/browser/browser.js';
import { startHttp, type HttpFixture } from '../support/http.js';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** In a process of its own: vite does not run in the modules of jest. */
const VITE = path.join(ROOT, 'node_modules/vite/bin/vite.js');
const PLAYER = path.join(ROOT, 'node_modules/wavesurfer.js/dist/wavesurfer.esm.js');
const CONFIG = `
  import { styleHashes } from ${JSON.stringify(path.join(ROOT, 'web/style-hashes.ts'))};
  export default { plugins: [styleHashes([${WAVEFORM_HEIGHT_PX}])], build: { modulePreload: { polyfill: false } } };
`;
const PAGE =
  '<!doctype html><title>p</title><div id="player"></div><script type="module" src="/main.js"></script>';
const script = (height: number) => `
  import WaveSurfer from ${JSON.stringify(PLAYER)};
  const player = WaveSurfer.create({ container: '#player', height: ${height}, peaks: [[0, 1, 0, 1]], duration: 1 });
  document.title = String(getComputedStyle(player.getWrapper().querySelector('.canvases')).minHeight);
`;

let browser: Browser;
let root: string;
let http: HttpFixture | undefined;
beforeAll(async () => {
  browser = await launchBrowser('missing');
  root = await mkdtemp(path.join(tmpdir(), 'player-'));
});
afterAll(async () => {
  await http?.close();
  await browser.close();
  await rm(root, { recursive: true });
});

/** @returns what the page says of the style, and the violations that its console tells of */
async function show(height: number): Promise<{ minHeight: string; violations: string[] }> {
  const folder = path.join(root, String(height));
  await mkdir(folder);
  await writeFile(path.join(folder, 'index.html'), PAGE);
  await writeFile(path.join(folder, 'main.js'), script(height));
  await writeFile(path.join(folder, 'vite.config.ts'), CONFIG);
  await run(process.execPath, [VITE, 'build', folder, '--logLevel', 'error']);
  http = await startHttp({ deps: { pageFolder: path.join(folder, 'dist') } });
  const page = await browser.newPage();
  const violations: string[] = [];
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) violations.push(message.text());
  });
  await page.goto(http.url);
  await page.waitForFunction(() => document.title !== 'p');
  const minHeight = await page.title();
  await page.close();
  await http.close();
  http = undefined;
  return { minHeight, violations };
}

describe('the player in a built page', () => {
  it('is styled, without a violation of the policy', async () => {
    expect(await show(WAVEFORM_HEIGHT_PX)).toEqual({ minHeight: `${WAVEFORM_HEIGHT_PX}px`, violations: [] });
  });

  it('of a height that the build does not know is refused: the policy is as strict as before', async () => {
    const { violations } = await show(WAVEFORM_HEIGHT_PX + 1);
    expect(violations.length).toBeGreaterThan(0);
  });
});

describe('a style in a chunk', () => {
  it('with another expression than its height fails the build', () => {
    const code = 'a.innerHTML=`<style${n?` nonce="${n}"`:""}>b{color:${c}}</style>`';
    expect(() => stylesIn(code, [64])).toThrow('not its height');
    expect(
      stylesIn('`<style${n?` nonce="${n}"`:""}>b{top:${this.getHeight(a,b)}px;c:\\n}</style>`', [64]),
    ).toEqual(['b{top:64px;c:\n}']);
  });
});

/** Files: uploads with progress, and a list of jobs that survives a reload; what goes wrong is told and can be mended. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { axeFindings } from '../support/browser/axe.js';
import {
  launchBrowser,
  openPlace,
  serviceKnown,
  textOf,
  visit,
  type Visit,
} from '../support/browser/browser.js';
import { storedRecords } from '../support/browser/stored.js';
import { closingAfterEachTest } from '../support/close-after-test.js';
import { startBeforeScript, startGateway, type Running } from '../support/gateway.js';
import { recordingOf, type JobJson } from '../support/jobs/client.js';
import { requestFault } from '../support/offline.js';
import { eventually } from '../support/programs.js';
import { wavAtRate } from '../support/wav.js';

const SAMPLES = fileURLToPath(new URL('../../samples/', import.meta.url));
const SEGMENTS = 4;

let browser: Browser;
let folder: string;
/** Of four segments, 12 s. */
let recording: string;
/** 6 MB of silence, two minutes: a minute's upload at 100 kB/s, which no test waits for. */
let large: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'files-'));
  [recording, large] = [path.join(folder, 'talk.wav'), path.join(folder, 'film.wav')];
  await writeFile(recording, await recordingOf(SEGMENTS));
  await writeFile(large, wavAtRate(Buffer.alloc(6_000_000), 24_000));
  browser = await launchBrowser('missing');
});
afterAll(async () => {
  await browser.close();
  await rm(folder, { recursive: true });
});

const closeAfterTest = closingAfterEachTest();

async function open(service: Running, options: BrowserContextOptions = {}): Promise<Visit> {
  const visitor = closeAfterTest(
    await visit(browser, `${service.url}/#/files`, { bypassCSP: true, ...options }),
  );
  await view(visitor.page).waitFor();
  return visitor;
}

async function scripted(env: Record<string, string> = {}): ReturnType<typeof startBeforeScript> {
  return closeAfterTest(await startBeforeScript(env));
}

const view = (page: Page): Locator => page.locator('section.files');
const uploads = (page: Page): Locator => page.getByRole('region', { name: 'Uploads' }).getByRole('listitem');
const jobs = (page: Page): Locator =>
  page.getByRole('region', { name: 'Translations' }).getByRole('listitem');
const choose = (page: Page, ...files: string[]): Promise<void> =>
  page.getByLabel('Choose files').setInputFiles(files);

/** Makes a job without a browser. */
async function post(service: Running): Promise<void> {
  const body = new FormData();
  body.append('target', 'es');
  body.append('file', new Blob([new Uint8Array(wavAtRate(Buffer.alloc(8_000), 8_000))]), 'short.wav');
  await fetch(`${service.url}/api/realtime/jobs`, { method: 'POST', body });
}

async function list(service: Running): Promise<JobJson[]> {
  const response = await fetch(`${service.url}/api/realtime/jobs`);
  return ((await response.json()) as { jobs: JobJson[] }).jobs;
}

/** @returns ends it. */
async function limitUpload(page: Page, bytesPerSecond: number): Promise<() => Promise<void>> {
  const network = await page.context().newCDPSession(page);
  await network.send('Network.enable');
  await network.send('Network.emulateNetworkConditions', {
    ...{ offline: false, latency: 0, downloadThroughput: -1 },
    uploadThroughput: bytesPerSecond,
  });
  return () => network.detach();
}

/** How much the store keeps of films, in bytes. */
async function keptBytes(page: Page): Promise<number> {
  const sounds = await storedRecords<{ id: string; blob: Blob }>(page, 'sounds');
  return sounds.evaluate((all) =>
    all.filter(({ id }) => id.endsWith(':film')).reduce((sum, { blob }) => sum + blob.size, 0),
  );
}

describe('with the offline engine and no key', () => {
  let service: Running;
  beforeAll(async () => {
    service = await startGateway();
  });
  afterAll(() => service.close());

  it('translates several files at once into several languages, and lists them after a reload', async () => {
    const { page, browserErrors } = await open(service);
    await textOf(view(page), /Nothing here yet/);
    expect(await axeFindings(page)).toEqual([]);
    await view(page).getByRole('button', { name: 'From: Detect' }).click();
    await page.getByRole('option', { name: 'English' }).click();
    await view(page).getByRole('button', { name: 'Add a language' }).click();
    await page.getByRole('option', { name: 'French' }).click();
    await page.getByRole('button', { name: 'Remove Spanish' }).waitFor();
    await choose(page, ...['family.wav', 'animals.wav', 'garden.ogg'].map((name) => SAMPLES + name));
    await expect3Done(page);
    await textOf(jobs(page).filter({ hasText: 'garden.ogg' }), /English → Spanish, French.*kept until/);
    expect((await list(service)).map(({ targets }) => targets)).toEqual(Array(3).fill(['es', 'fr']));
    expect(await axeFindings(page)).toEqual([]);

    await page.reload();
    await expect3Done(page);
    await page.getByRole('button', { name: 'Remove French' }).waitFor(); // the languages are kept, too
    await page.getByRole('link', { name: 'animals.wav' }).click();
    await page.getByRole('region', { name: 'animals.wav' }).waitFor();
    expect(page.url()).toMatch(/#\/files\/[0-9a-f]{32}$/);
    await page.goBack();
    await page.getByRole('region', { name: 'animals.wav' }).waitFor({ state: 'detached' });
    expect(await page.locator(':focus').innerText()).toBe('animals.wav');
    expect(browserErrors).toEqual([]);
  });

  async function expect3Done(page: Page): Promise<void> {
    await jobs(page).filter({ hasText: 'Done' }).nth(2).waitFor();
    for (const name of ['family.wav', 'animals.wav', 'garden.ogg'])
      await page.getByRole('link', { name }).waitFor();
  }

  it('shows a job of another browser by its time, and takes files that are dropped anywhere on the place', async () => {
    await post(service);
    const { page } = await open(service, { locale: 'zh-TW' });
    await page.getByRole('region', { name: '檔案', exact: true }).waitFor();
    await page
      .getByRole('link', { name: /的錄音$/ })
      .first()
      .waitFor();
    const dropped = await page.evaluateHandle(() => {
      const transfer = new DataTransfer();
      for (const name of ['one.wav', 'two.wav']) transfer.items.add(new File(['no sound'], name));
      return transfer;
    });
    await view(page).dispatchEvent('drop', { dataTransfer: dropped });
    for (const name of ['one.wav', 'two.wav'])
      await textOf(page.getByRole('listitem').filter({ hasText: name }), /失敗/);
    // What is no recording will not become one.
    expect(await page.getByRole('button', { name: '繼續' }).count()).toBe(0);
  });
});

describe('an upload', () => {
  it('shows its progress, and leaves nothing when it is cancelled', async () => {
    const service = await scripted();
    const { page, browserErrors } = await open(service);
    await limitUpload(page, 100_000);
    await choose(page, large, large, large);
    const first = uploads(page).first();
    await textOf(first, /[\d.]+\s[kM]B of 5\.7\sMB · \d+ % · \d+\s(sec|min) left/);
    expect(await uploads(page).filter({ hasText: 'Waits for its turn' }).count()).toBe(1);
    const bar = first.getByRole('progressbar', { name: 'Upload of film.wav' });
    const at = Number(await bar.getAttribute('value'));
    await page.waitForFunction(
      (before) => Number(document.querySelector('progress')?.getAttribute('value')) > before,
      at,
    );
    expect(await page.getByRole('navigation').getByRole('img', { name: '3 uploads' }).innerText()).toBe('3');
    expect(await axeFindings(page)).toEqual([]);
    for (let left = 3; left > 0; left--) {
      await page.getByRole('button', { name: 'Cancel the upload: film.wav' }).first().click();
      await uploads(page)
        .nth(left - 1)
        .waitFor({ state: 'detached' });
    }
    await textOf(view(page), /Nothing here yet/);
    expect(await list(service)).toEqual([]);
    await eventually(
      () => readdir(service.jobsDir),
      (names) => names.length === 0,
    );
    await eventually(
      () => keptBytes(page),
      (bytes) => bytes === 0,
    );
    expect(browserErrors).toEqual([]);
  });

  it('is shown in the other tabs of the page, and ends where one of them cancels it', async () => {
    const service = await scripted();
    const { page } = await open(service);
    await limitUpload(page, 100_000);
    await choose(page, large);
    await textOf(uploads(page), /\d+ %/);
    const other = await page.context().newPage();
    await other.goto(`${service.url}/#/files`);
    await other.getByRole('button', { name: 'Cancel the upload: film.wav' }).click();
    await textOf(view(page), /Nothing here yet/);
    await eventually(
      () => readdir(service.jobsDir),
      (names) => names.length === 0,
    );
    expect(await list(service)).toEqual([]);
  });

  it('that a reload interrupts is told, and sent again without asking for the file', async () => {
    const service = await scripted();
    const { page } = await open(service);
    const unlimit = await limitUpload(page, 100_000);
    await choose(page, large);
    await textOf(uploads(page), /\d+ %/);
    await eventually(
      () => keptBytes(page),
      (bytes) => bytes > 6_000_000,
    );
    const asked = page.waitForEvent('dialog').then((dialog) => dialog.accept());
    await page.reload();
    await asked;
    await textOf(uploads(page), /film\.wav[^]*The upload was interrupted/);
    expect(await axeFindings(page)).toEqual([]);
    await unlimit();
    await page.getByRole('button', { name: 'Upload again' }).click();
    await jobs(page).filter({ hasText: 'film.wav' }).waitFor();
    expect(await uploads(page).count()).toBe(0);
    expect(await list(service)).toHaveLength(1);
  });

  it('that a reload interrupts and this browser does not keep asks for the file again', async () => {
    const service = await scripted();
    const { page } = await open(service);
    await page.evaluate(() => {
      navigator.storage.estimate = () => Promise.resolve({ quota: 1_000_000, usage: 0 });
    });
    const unlimit = await limitUpload(page, 100_000);
    await choose(page, large);
    await textOf(uploads(page), /\d+ %/);
    page.on('dialog', (dialog) => void dialog.accept());
    await page.reload();
    await textOf(uploads(page), /film\.wav[^]*The upload was interrupted/);
    await unlimit();
    await page.getByLabel('Choose the file again').setInputFiles(large);
    await jobs(page).filter({ hasText: 'film.wav' }).waitFor();
    expect(await uploads(page).count()).toBe(0);
  });

  it('that the network or a limit ends is told, and can be sent again', async () => {
    const service = await scripted({ JOBS_MAX_PER_KEY: '1' });
    const { page } = await open(service);
    await serviceKnown(page);
    await page.context().setOffline(true);
    await choose(page, large);
    await textOf(uploads(page), /This device is offline/);
    await page.context().setOffline(false);
    await page.getByRole('button', { name: 'Upload again' }).click();
    await jobs(page).filter({ hasText: 'film.wav' }).waitFor();
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.method()));
    await choose(page, large);
    await textOf(uploads(page), /You have as many jobs as the service keeps/);
    expect(requests.filter((method) => method === 'POST')).toEqual([]);
    expect(await axeFindings(page)).toEqual([]);
    await remove(page, 'film.wav');
    await page.getByRole('button', { name: 'Upload again' }).click();
    await jobs(page).filter({ hasText: 'film.wav' }).waitFor();
    expect(await list(service)).toHaveLength(1);
  });

  it('of what is too large or too long is refused before it is sent, with the limit', async () => {
    const service = await scripted({ MAX_RECORDING_MB: '4', MAX_RECORDING_SECONDS: '300' });
    const { page } = await open(service);
    await textOf(view(page), /up to 5\sminutes and 4\sMB each/);
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.method()));
    const long = path.join(folder, 'long.wav');
    await writeFile(long, wavAtRate(Buffer.alloc(2 * 400 * 4_000), 4_000));
    await choose(page, large, long);
    await textOf(uploads(page).first(), /The file has 5\.7\sMB; the service takes at most 4\sMB/);
    await textOf(uploads(page).nth(1), /longer than 5\sminutes/);
    expect(await page.getByRole('button', { name: 'Upload again' }).count()).toBe(0);
    expect(requests.filter((method) => method === 'POST')).toEqual([]);
  });

  it('is kept in the browser while there is room, and the oldest goes first', async () => {
    const service = await scripted();
    const { page } = await open(service);
    // The browser tells every page of at least 4 GB, whatever it really grants.
    await page.evaluate(() => {
      navigator.storage.estimate = () => Promise.resolve({ quota: 30_000_000, usage: 0 });
    });
    const [second, third, huge] = ['second.wav', 'third.wav', 'huge.wav'].map((name) =>
      path.join(folder, name),
    ) as [string, string, string];
    await writeFile(second, wavAtRate(Buffer.alloc(5_000_000), 24_000));
    await writeFile(third, wavAtRate(Buffer.alloc(10_000_000), 24_000));
    await writeFile(huge, wavAtRate(Buffer.alloc(25_000_000), 24_000));
    for (const [file, bytes] of [
      [large, 6_000_044],
      [second, 11_000_088],
      [third, 10_000_044],
      [huge, 10_000_044],
    ] as const) {
      await choose(page, file);
      await jobs(page)
        .filter({ hasText: path.basename(file) })
        .waitFor();
      await eventually(
        () => keptBytes(page),
        (kept) => kept === bytes,
      );
    }
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByText(/Films and recordings of Files: 9\.5\sMB/).waitFor();
  });

  it('asks for the key, and is sent with it', async () => {
    const service = await scripted({ API_KEYS: 'the-right-key-of-this-test' });
    const visitor = await visit(browser, `${service.url}/#/files`);
    closeAfterTest(visitor);
    const { page } = visitor;
    await page.getByLabel('Key', { exact: true }).fill('the-right-key-of-this-test');
    await page.keyboard.press('Enter');
    await choose(page, recording);
    await jobs(page).filter({ hasText: 'Done' }).waitFor();
  });
});

/** Deletes a job by its buttons. */
async function remove(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: `Delete ${name}` }).click();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
}

describe('a job', () => {
  it('that fails says why, and goes on when it is resumed', async () => {
    const service = await scripted();
    service.script.requests.when(({ number }) => number > 2, requestFault.requestError('invalid_api_key'));
    const { page, browserErrors } = await open(service);
    await choose(page, recording);
    await textOf(jobs(page), /Failed[^]*The translation engine refused the request/);
    expect(await axeFindings(page)).toEqual([]);
    service.script.requests.clear();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('button', { name: 'Resume' }).waitFor({ state: 'detached' });
    expect(await page.locator(':focus').innerText()).toBe('talk.wav');
    await textOf(jobs(page), /Done/);
    expect(await page.getByText('refused the request').count()).toBe(0);
    expect((await list(service))[0]).toMatchObject({ state: 'completed', segments: SEGMENTS });
    expect(browserErrors).toEqual([]);
  });

  it('of which a passage failed warns of it, and asks for that again', async () => {
    const service = await scripted({ JOB_PARALLEL: '1' });
    service.script.requests.when(
      ({ number }) => number === 1 || number === 2,
      requestFault.incomplete('content_filter'),
    );
    const { page } = await open(service);
    await page.getByRole('checkbox', { name: 'Also the words spoken' }).uncheck();
    await choose(page, recording);
    await textOf(jobs(page), /Done[^]*passages? could not be translated/);
    expect(await axeFindings(page)).toEqual([]);
    service.script.requests.clear();
    await page.getByRole('button', { name: 'Translate again' }).click();
    await page.getByText('could not be translated').waitFor({ state: 'detached' });
    expect((await list(service))[0]).toMatchObject({ state: 'completed', failedSegments: 0 });
  });

  it('shows how far it is, is followed while it is looked at alone, and stops when it is deleted', async () => {
    const service = await scripted({ JOB_PARALLEL: '1' });
    service.script.requests.when(({ number }) => number > 3, requestFault.hang());
    const { page } = await open(service);
    await choose(page, recording);
    await textOf(jobs(page), /Running · 0:0\d of 0:\d\d translated/);
    const bar = page.getByRole('progressbar', { name: 'Translation of talk.wav' });
    expect(Number(await bar.getAttribute('value'))).toBeGreaterThan(0);
    expect(await axeFindings(page)).toEqual([]);

    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await page.waitForRequest(/\/api\/realtime\/jobs\?/);
    await openPlace(page, 'Chat');
    await page.clock.install();
    asked.length = 0;
    await page.clock.runFor(20_000);
    expect(asked.filter((name) => name.startsWith('/api/realtime/jobs'))).toEqual([]);
    await openPlace(page, 'Files');
    await page.waitForRequest(/\/api\/realtime\/jobs\?/);

    await page.getByRole('button', { name: 'Delete talk.wav' }).click();
    await page.getByText('Stop and delete it?').waitFor();
    expect(await page.locator(':focus').innerText()).toBe('Keep');
    await page.keyboard.press('Enter');
    await remove(page, 'talk.wav');
    await textOf(view(page), /Nothing here yet/);
    await service.script.until(() => service.script.answering === 0);
    expect(await list(service)).toEqual([]);
    expect(await readdir(service.jobsDir)).toEqual([]);
    await eventually(
      () => keptBytes(page),
      (bytes) => bytes === 0,
    );
  });

  it('is found on a later page of the list', async () => {
    const service = await scripted();
    const { page } = await open(service);
    for (let count = 0; count < 21; count++) await post(service);
    await page.reload();
    await jobs(page).nth(19).waitFor();
    expect(await jobs(page).count()).toBe(20);
    await page.getByRole('button', { name: 'Show older ones' }).click();
    await jobs(page).nth(20).waitFor();
    expect(await page.getByRole('button', { name: 'Show older ones' }).count()).toBe(0);
  });
});

it('takes the long recordings that are dropped in Translate, with the languages chosen there', async () => {
  const service = await scripted();
  const { page } = await open(service);
  await openPlace(page, 'Translate');
  await page.getByRole('button', { name: 'To: Spanish' }).click();
  await page.getByRole('option', { name: 'Catalan' }).click();
  const long = path.join(folder, 'hour.wav');
  await writeFile(long, wavAtRate(Buffer.alloc(2 * 300 * 4_000), 4_000));
  await page.getByLabel('Choose a file').setInputFiles(long);
  await jobs(page).filter({ hasText: 'hour.wav' }).getByText('Catalan').waitFor();
  expect(page.url()).toMatch(/#\/files$/);
  expect((await list(service)).map(({ targets }) => targets)).toEqual([['ca']]);
});

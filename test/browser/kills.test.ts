/**
 * Kills at random moments: a recording is there afterwards and can be translated, but for its last 2 s. `KILLS=20`
 * runs more of them, `KILLS_SEED` others.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core';
import { requestFault, startScripted, type Scripted } from '../support/offline.js';
import { ServiceProcess } from '../support/service.js';
import { installMicrophoneSwitch, killTab, unplugMicrophone } from '../support/browser/kills.js';
import {
  cards,
  launchBrowser,
  SENTENCE,
  soundBegins,
  speak,
  targetPane,
  textOf,
  visit,
} from '../support/browser/browser.js';

const KILLS = Number(process.env.KILLS ?? 5);
const SEED = Number(process.env.KILLS_SEED ?? 12);
const MAX_LOST_MS = 2_000;
const UPLOAD_BYTES_PER_SECOND = 60_000;
const RATE = 24_000;

const VICTIMS = ['tab closed', 'tab killed', 'service', 'network', 'microphone'] as const;
const MOMENTS = ['recording', 'uploading', 'translating', 'speaking'] as const;
type Victim = (typeof VICTIMS)[number];
type Moment = (typeof MOMENTS)[number];

let upstream: Scripted;
let service: ServiceProcess;
let browser: Browser;
let context: BrowserContext;

beforeAll(async () => {
  upstream = await startScripted({ speech: () => Buffer.alloc(RATE * 2 * 4, Buffer.from([0, 0, 0, 0x20])) });
  const env = { REALTIME_PROVIDER: 'compatible', REALTIME_URL: upstream.url };
  [service, browser] = await Promise.all([
    ServiceProcess.start(env),
    speak(SENTENCE).then((wav) => launchBrowser({ wav })),
  ]);
  const { page } = await visit(browser, service.url);
  context = page.context();
  await installMicrophoneSwitch(context);
  await page.getByRole('checkbox', { name: 'Spoken reply' }).check();
  await page.close();
});
afterAll(async () => {
  await browser.close();
  await service.close();
  await upstream.close();
});

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function network(control: CDPSession, offline: boolean, uploadThroughput = -1): Promise<unknown> {
  const unlimited = { latency: 0, downloadThroughput: -1 };
  return control.send('Network.emulateNetworkConditions', { offline, uploadThroughput, ...unlimited });
}

async function open(): Promise<Page> {
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  await page.goto(service.url);
  return page;
}

/** Records, and goes on until the moment has come. @returns how much was recorded, by the wall clock. */
async function leadTo(
  page: Page,
  moment: Moment,
  control: CDPSession,
  random: () => number,
): Promise<number> {
  await page.getByRole('button', { name: 'Record', exact: true }).click();
  await page.getByRole('timer', { name: 'Elapsed' }).waitFor();
  const startedAt = performance.now();
  await wait(1_500 + random() * 2_500);
  if (moment === 'recording') return performance.now() - startedAt;
  if (moment === 'uploading') await network(control, false, UPLOAD_BYTES_PER_SECOND);
  if (moment === 'translating') upstream.script.requests.next(requestFault.slow({ firstMs: 2_000 }));
  const recordedMs = performance.now() - startedAt;
  await page.getByRole('button', { name: 'Stop and translate' }).click();
  if (moment === 'speaking') await soundBegins(page);
  else await textOf(targetPane(page), moment === 'uploading' ? /Uploading \d/ : /Listening/);
  await wait(random() * 800);
  return recordedMs;
}

/** Waits until nothing runs: the result is there, or the button that asks for it again. */
async function settled(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Record', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Stop', exact: true }).waitFor({ state: 'detached' });
}

async function kill(victim: Victim, moment: Moment, page: Page, control: CDPSession): Promise<Page> {
  const stopRecording = async () => {
    if (moment === 'recording') await page.getByRole('button', { name: 'Stop and translate' }).click();
  };
  switch (victim) {
    case 'tab closed':
      await page.close();
      return open();
    case 'tab killed':
      await killTab(page);
      await page.close();
      return open();
    case 'service':
      await service.stop('SIGKILL');
      await stopRecording();
      await settled(page);
      service.spawn();
      await service.ready();
      break;
    case 'network':
      await network(control, true);
      await stopRecording();
      await settled(page);
      await network(control, false);
      break;
    case 'microphone':
      await unplugMicrophone(page);
      await textOf(page.getByRole('alert'), /microphone was disconnected/);
  }
  await settled(page);
  await page.reload();
  return page;
}

/** Opens the newest recording and has it translated, if it is not yet. @returns how much of it the service got. */
async function keptMs(page: Page): Promise<number> {
  await textOf(cards(page), /Recording, \d:\d\d/);
  await cards(page).first().locator('.open').click();
  const again = page.getByRole('button', { name: /^(Translate it|Try again)$/ });
  const result = targetPane(page).getByText(/\d+ ms of audio/);
  await again.or(result).first().waitFor();
  if (await again.first().isVisible()) await again.first().click();
  await again.first().waitFor({ state: 'detached' });
  await textOf(cards(page).first().locator('.result'), /\d+ ms of audio/);
  return parseInt(await cards(page).first().locator('.result').innerText());
}

it(
  `${KILLS} kills at random moments lose no recording, but for its last 2 s`,
  async () => {
    const random = randomNumbers(SEED);
    const outcomes: { victim: Victim; moment: Moment; recordedMs: number; lostMs: number }[] = [];
    for (let round = 0; round < KILLS; round += 1) {
      const victim = VICTIMS[round % VICTIMS.length] ?? 'service';
      const drawn = MOMENTS[Math.floor(random() * MOMENTS.length)] ?? 'recording';
      const moment = victim === 'microphone' ? 'recording' : drawn;
      const page = await open();
      const control = await context.newCDPSession(page);
      const recordedMs = Math.round(await leadTo(page, moment, control, random));
      const next = await kill(victim, moment, page, control);
      outcomes.push({ victim, moment, recordedMs, lostMs: Math.max(0, recordedMs - (await keptMs(next))) });
      await next.close();
    }
    expect(outcomes.filter(({ lostMs }) => lostMs > MAX_LOST_MS)).toEqual([]);
    const page = await open();
    await textOf(cards(page), /ms of audio/);
    expect(await cards(page).count()).toBe(KILLS);
    if (process.env.KILLS !== undefined) console.table(outcomes);
  },
  60_000 + KILLS * 20_000,
);

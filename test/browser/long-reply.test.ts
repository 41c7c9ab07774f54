/** A long text that is spoken: the page stays responsive, and small. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { stat } from 'node:fs/promises';
import type { Browser, CDPSession } from 'playwright-core';
import { startBeforeScript } from '../support/gateway.js';
import { smallest, watchLongTasks } from '../support/browser/long-tasks.js';
import { launchBrowser, soundBegins, speak, visit } from '../support/browser/browser.js';

const CHARACTERS = 12_000;
const SENTENCE = 'The red house has a big garden. ';
/** At the 50 ms a character of the scripted upstream: 28.8 MB of PCM. */
const REPLY_BYTES = (CHARACTERS - 1) * 2_400;

let service: Awaited<ReturnType<typeof startBeforeScript>>;
let browser: Browser;

beforeAll(async () => {
  [service, browser] = await Promise.all([
    startBeforeScript(),
    speak('One').then((wav) => launchBrowser({ wav })),
  ]);
});
afterAll(async () => {
  await browser.close();
  await service.close();
});

async function heapMegabytes(control: CDPSession): Promise<number> {
  const { metrics } = await control.send('Performance.getMetrics');
  return (metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? NaN) / 1024 / 1024;
}

/** Has the text translated and spoken. @returns the long tasks of that together, in ms. */
async function longTasksOfReply(): Promise<number> {
  const visitor = await visit(browser, service.url);
  const { page } = visitor;
  const control = await page.context().newCDPSession(page);
  await control.send('Performance.enable');
  const longTasks = await watchLongTasks(page);
  await page.getByRole('checkbox', { name: 'Spoken reply' }).check();
  await page
    .getByRole('textbox', { name: 'Text to translate' })
    .fill(SENTENCE.repeat(CHARACTERS / SENTENCE.length));
  const startedAt = Date.now();
  await page.getByRole('button', { name: 'Translate', exact: true }).click();
  await soundBegins(page);
  const heap: number[] = [];
  const reply = page.getByRole('button', { name: 'Download the reply' });
  while ((await reply.count()) === 0) heap.push(await heapMegabytes(control));
  heap.push(await heapMegabytes(control));
  const longMs = (await longTasks()).reduce((sum, each) => sum + each, 0);
  const [saved] = await Promise.all([page.waitForEvent('download'), reply.click()]);
  const { size } = await stat(await saved.path());
  process.stderr.write(
    `${CHARACTERS} characters: ${Date.now() - startedAt} ms, long tasks ${longMs} ms, heap at most ${Math.round(Math.max(...heap))} MB\n`,
  );
  expect(size).toBe(44 + REPLY_BYTES);
  expect(Math.max(...heap)).toBeLessThan(60);
  expect(visitor.browserErrors).toEqual([]);
  await visitor.close();
  return longMs;
}

it('12 000 characters are spoken with less than 0.5 s of long tasks and less than 60 MB of heap', async () => {
  expect(await smallest(longTasksOfReply, 500)).toBeLessThan(500);
});

/** An opened job of three hours: the page stays responsive. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { launchBrowser, textOf, visit, withoutErrors } from '../support/browser/browser.js';
import { smallest, watchLongTasks } from '../support/browser/long-tasks.js';
import { passages, untilPlayer } from '../support/browser/opened-job.js';
import { startBeforeScript } from '../support/gateway.js';
import { JobClient, recordingOf } from '../support/jobs/client.js';

const SEGMENTS = 3_000;
const SEGMENT_MS = 4_000;

let service: Awaited<ReturnType<typeof startBeforeScript>>;
let browser: Browser;

beforeAll(async () => {
  [service, browser] = await Promise.all([startBeforeScript(), launchBrowser('missing')]);
});
afterAll(async () => {
  await browser.close();
  await service.close();
});

/** A job of one segment whose files are given 3 000. */
async function makeLongJob(): Promise<void> {
  const client = new JobClient(service.url);
  const { jobId } = await client.create(await recordingOf(1));
  await client.completed(jobId);
  const job = path.join(service.jobsDir, jobId);
  const record = JSON.parse(await readFile(path.join(job, 'job.json'), 'utf8')) as object;
  await writeFile(
    path.join(job, 'job.json'),
    JSON.stringify({ ...record, durationMs: SEGMENTS * SEGMENT_MS }),
  );
  await truncate(path.join(job, 'audio.pcm'), SEGMENTS * SEGMENT_MS * 48);
  const lines = Array.from({ length: SEGMENTS }, (_, index) =>
    JSON.stringify({
      attempt: 1,
      result: {
        ...{ index, startMs: index * SEGMENT_MS + 500, endMs: index * SEGMENT_MS + 3_500, pauses: [] },
        source: `Sentence number ${index} of a talk that lasts for more than three hours.`,
        translations: [{ target: 'es', text: `Frase número ${index} de una charla de más de tres horas.` }],
        warnings: index % 50 === 7 ? [{ code: 'too-fast', detail: 'Too many words.' }] : [],
      },
    }),
  );
  await writeFile(path.join(job, 'segments.jsonl'), `${lines.join('\n')}\n`);
}

/** Opens the job, scrolls, searches and plays its last segment. @returns the longest task of that, in ms. */
async function longestTask(): Promise<number> {
  const visitor = await visit(browser, `${service.url}/#/files`);
  const { page } = visitor;
  await page.getByRole('link', { name: /^Recording of/ }).waitFor();
  const longTasks = await watchLongTasks(page);
  await page.getByRole('link', { name: /^Recording of/ }).click();
  await untilPlayer(page, ({ cues }) => cues.length >= SEGMENTS);
  expect(await passages(page).count()).toBeLessThan(200);
  await page.mouse.move(900, 700);
  for (let step = 0; step < 20; step += 1) await page.mouse.wheel(0, 5_000);
  await page.getByRole('searchbox').fill('número 2999 ');
  await textOf(page.getByRole('status'), /^1 of 3000 passages$/);
  await page.getByRole('searchbox').fill('');
  await page.getByRole('slider').press('End');
  await page.locator('.segment.current').filter({ hasText: 'número 2999 ' }).waitFor({ state: 'attached' });
  const found = await longTasks();
  console.info(`long tasks at ${SEGMENTS} segments: ${found.join(', ')} ms`);
  await withoutErrors(visitor).close();
  return Math.max(0, ...found);
}

it('a job of 3 000 segments is read, searched and played without a long task', async () => {
  await makeLongJob();
  expect(await smallest(longestTask, 300)).toBeLessThan(300);
}, 120_000);

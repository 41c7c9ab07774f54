/** What is heard: one sound at a time, and the page knows which. */
import { beforeEach, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import {
  cards,
  probeOf,
  soundBegins,
  soundEnds,
  speak,
  textOf,
  translateText,
} from '../support/browser/browser.js';
import { Shared } from '../support/browser/shared.js';

/** 120 characters, 6 s at the 50 ms a character of the scripted upstream. */
const LONG = 'The red house has a big garden'.repeat(4);
/** 3 s, long enough to be seen playing. */
const WAITING = 'We have two dogs and three cats, and a house by the sea.';

const shared = new Shared(async () => ({ wav: await speak('One') }));
let page: Page;

beforeEach(async () => {
  page = await shared.open();
});

async function speakReply(text: string): Promise<void> {
  await page.getByRole('checkbox', { name: 'Spoken reply' }).check();
  await translateText(page, text);
}

it('the translation that is heard offers to stop it, not the one that waits for its turn', async () => {
  await speakReply(LONG.repeat(2));
  await soundBegins(page);
  await speakReply(WAITING);
  await page.getByRole('button', { name: 'Play the translation' }).waitFor();
  await cards(page).nth(1).getByRole('button', { name: LONG }).click();
  await page.getByRole('button', { name: 'Stop playing' }).waitFor();
  await cards(page).nth(0).getByRole('button', { name: WAITING }).click();
  await page.getByRole('button', { name: 'Play the translation' }).waitFor();
  await page.getByRole('button', { name: 'Stop playing' }).waitFor();
});

it.each([
  ['the history', ['Clear', 'Clear']],
  ['the field', ['Clear the field']],
])('clearing %s silences what is heard', async (_, buttons) => {
  await speakReply(LONG);
  await soundBegins(page);
  await page
    .getByRole('button', { name: 'Play the translation' })
    .or(page.getByRole('button', { name: 'Stop playing' }))
    .waitFor();
  for (const name of buttons) await page.getByRole('button', { name, exact: true }).click();
  const clearedAt = await page.evaluate(() => performance.now());
  await soundEnds(page);
  const { sound } = await probeOf(page);
  const last = sound.findLast(([, loudness]) => loudness > 0.01)?.[0] ?? Infinity;
  expect(last - clearedAt).toBeLessThan(500);
});

it('at a speed of 1.5 a reply of 6 s is heard in 4 s', async () => {
  await page.evaluate(() => {
    localStorage.setItem('audio-output', JSON.stringify({ speed: 1.5 }));
  });
  await page.reload();
  await speakReply(LONG);
  const beganAt = await soundBegins(page);
  await soundEnds(page);
  const { sound } = await probeOf(page);
  const endedAt = sound.findLast(([, loudness]) => loudness > 0.01)?.[0] ?? NaN;
  expect(endedAt - beganAt).toBeGreaterThan(3_600);
  expect(endedAt - beganAt).toBeLessThan(4_400);
});

it('a failure that cannot pass is not offered to be tried again', async () => {
  const buffer = Buffer.from('Dear reader, '.repeat(99));
  await page
    .getByLabel('Choose a file')
    .setInputFiles({ name: 'letter.mp3', mimeType: 'audio/mpeg', buffer });
  await textOf(page.getByRole('alert'), /not a recording that the service can read/);
  expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
});

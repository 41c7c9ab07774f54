/**
 * Screenshots of the places and the settings for the documentation: `npm run screenshots` (the page must be built).
 * Translations and the call come from the offline engine; the list of files and the text conversation are scripted.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Browser, Locator, Page } from 'playwright-core';
import {
  chooseLanguage,
  openPlace,
  launchBrowser,
  soundEnds,
  speak,
  targetPane,
  textOf,
  translateText,
  visit,
} from '../../test/support/browser/browser.js';
import { startBeforeScript, startGateway } from '../../test/support/gateway.js';
import { recordingOf } from '../../test/support/jobs/client.js';
import { requestFault } from '../../test/support/offline.js';

const FOLDER = fileURLToPath(new URL('../../docs/screenshots', import.meta.url));
const SAMPLE = fileURLToPath(new URL('../../samples/family.wav', import.meta.url));
const SIZES = [
  [390, 844],
  [820, 1000],
  [1440, 900],
] as const;

const ANSWER = `### Three greetings

You will hear these *all the time*:

1. **Buenos días**, until noon
2. **Buenas tardes**, until dark
3. **Buenas noches**, after that

\`\`\`python
def greet(hour: int) -> str:
    return "Buenos días" if hour < 12 else "Buenas tardes"
\`\`\`

> People answer with the same words.
`;

/** Takes a place in every size, light and dark, with a small palette: the page has few colours. */
async function screenshot(page: Page, place: string, scratch: string): Promise<void> {
  await page.mouse.move(0, 0);
  for (const [width, height] of SIZES) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const name = `${place}-${width}-${colorScheme}.png`;
      const full = path.join(scratch, name);
      const small = path.join(FOLDER, name);
      await page.screenshot({ path: full });
      const palette = 'split[a][b];[a]palettegen=max_colors=96[p];[b][p]paletteuse=dither=none';
      await promisify(execFile)('ffmpeg', ['-v', 'error', '-y', '-i', full, '-vf', palette, small]);
      console.log(`${name}: ${Math.round((await stat(small)).size / 1000)} kB`);
    }
  }
}

async function translations(browser: Browser, scratch: string): Promise<void> {
  const service = await startGateway();
  const visitor = await visit(browser, service.url);
  const { page } = visitor;
  await chooseLanguage(page, 'From', 'English');
  await page.getByLabel('Choose a file').setInputFiles(SAMPLE);
  await textOf(targetPane(page), /Vivo en una casa/);
  await page.getByRole('button', { name: 'Clear the field' }).click();
  await translateText(page, 'Good morning, my friend. The weather is beautiful today.');
  await textOf(targetPane(page), /Buenos días, mi amigo/);
  await translateText(page, 'The red house has a big garden.');
  await textOf(targetPane(page), /La casa roja/);
  await page.locator('.history').getByRole('button', { name: 'family.wav' }).click();
  await page.locator('.waveform').first().waitFor();
  await screenshot(page, 'translate', scratch);

  await openPlace(page, 'Interpreter');
  await page.getByRole('combobox', { name: 'From' }).first().selectOption('en');
  await page.getByRole('button', { name: 'Start the call' }).click();
  const captions = page.getByRole('log', { name: 'What is heard' });
  await captions.getByText('Vivo en una casa').waitFor();
  await soundEnds(page);
  await page.getByRole('textbox', { name: 'Or type here' }).fill('We have two dogs and three cats.');
  await page.keyboard.press('Enter');
  await captions.getByText('Tenemos dos perros').waitFor();
  // Both can be heard again: nothing sounds any more, and no line is marked.
  await captions.getByRole('button').nth(1).waitFor();
  await page.locator('.sounding').waitFor({ state: 'detached' });
  await screenshot(page, 'interpreter', scratch);

  await page.getByRole('button', { name: 'Hang up' }).click();
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('dialog', { name: 'Settings' }).waitFor();
  await screenshot(page, 'settings', scratch);
  await visitor.close();
  await service.close();
}

/** In Files, from English into Spanish and French. @returns the place. */
async function chooseFrenchToo(page: Page): Promise<Locator> {
  const view = page.getByRole('region', { name: 'Files', exact: true });
  await view.getByRole('button', { name: 'From: Detect' }).click();
  await page.getByRole('option', { name: 'English', exact: true }).click();
  await view.getByRole('button', { name: 'Add a language' }).click();
  await page.getByRole('option', { name: 'French', exact: true }).click();
  return view;
}

/** The list of Files in every state. The scripted upstream fails where it is told to, and then hangs. */
async function files(browser: Browser, scratch: string): Promise<void> {
  const service = await startBeforeScript({ JOB_PARALLEL: '1', JOBS_CONCURRENCY: '1' });
  const visitor = await visit(browser, `${service.url}/#/files`);
  const { page } = visitor;
  const view = await chooseFrenchToo(page);
  await view.getByRole('checkbox', { name: 'Also the words spoken' }).uncheck();
  const recording = await recordingOf(8);
  const row = (name: string) => view.getByRole('listitem').filter({ hasText: name });
  const upload = (name: string) =>
    page.getByLabel('Choose files').setInputFiles({ name, mimeType: 'video/mp4', buffer: recording });

  await upload('Town meeting, part 1.mp4');
  await textOf(row('Town meeting, part 1.mp4'), /Done/);
  const fault = service.script.requests;
  fault.when(({ number }) => number > 19, requestFault.requestError('invalid_api_key'));
  await upload('Interview.m4a');
  await textOf(row('Interview.m4a'), /Failed/);
  fault.clear();
  fault.next(requestFault.incomplete('content_filter'));
  fault.next(requestFault.incomplete('content_filter'));
  await upload('Harbour walk.mov');
  await textOf(row('Harbour walk.mov'), /could not be translated/);
  const before = service.script.requestCount;
  fault.when(({ number }) => number > before + 9, requestFault.hang());
  await upload('Town meeting, part 2.mp4');
  await textOf(row('Town meeting, part 2.mp4'), /0:1\d of/);
  await upload('Lecture 3.mp3');
  await textOf(row('Lecture 3.mp3'), /Queued/);
  const network = await page.context().newCDPSession(page);
  await network.send('Network.enable');
  const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 120_000 };
  await network.send('Network.emulateNetworkConditions', slow);
  const film = path.join(scratch, 'Documentary, final cut.mkv');
  await writeFile(film, Buffer.alloc(45_000_000));
  await page.getByLabel('Choose files').setInputFiles(film);
  await textOf(row('Documentary'), /\d+ % · /);
  await screenshot(page, 'files', scratch);
  page.on('dialog', (dialog) => void dialog.accept());
  await visitor.close();
  await service.close();
}

/** A film that is opened, with the engine's own translations. */
async function openedFilm(browser: Browser, scratch: string): Promise<void> {
  const sentences = [
    'The red house has a big garden.',
    'The children are playing in the garden.',
    'We have two dogs and three cats.',
    'We are going to the river with our friends.',
    'The weather is beautiful today.',
    'Good morning, my friend.',
  ];
  const sound = await speak(sentences, { beforeMs: 1_200, pauseMs: 1_200, afterMs: 1_500 });
  const film = path.join(scratch, 'Garden tour.mp4');
  const colours = 'c0=0x12332d:c1=0x3f7d5a:c2=0xd9c27a:c3=0x8fb7c9:nb_colors=4';
  const picture = `gradients=size=640x360:rate=10:${colours}:x0=0:y0=360:x1=640:y1=0:speed=0.005`;
  const coding = [
    '-shortest',
    '-c:v',
    'libx264',
    '-pix_fmt',
    'yuv420p',
    '-preset',
    'ultrafast',
    '-c:a',
    'aac',
  ];
  const input = ['-f', 'lavfi', '-i', picture, '-i', sound];
  await promisify(execFile)('ffmpeg', ['-v', 'error', '-y', ...input, ...coding, film]);

  const service = await startGateway();
  const visitor = await visit(browser, `${service.url}/#/files`);
  const { page } = visitor;
  await chooseFrenchToo(page);
  await page.getByLabel('Choose files').setInputFiles(film);
  await page.getByRole('link', { name: 'Garden tour.mp4' }).click();
  await page
    .locator('.segment')
    .nth(sentences.length - 1)
    .waitFor();
  await page.getByText(/translated$/).waitFor({ state: 'detached' });
  await page.locator('.segment').nth(2).click();
  await page.locator('#segment-2.current').waitFor();
  await page.waitForFunction(
    () => (document.querySelector('video')?.textTracks[0]?.activeCues?.length ?? 0) > 0,
  );
  await page.keyboard.press('k');
  await page.getByText('Both', { exact: true }).click();
  await page.waitForFunction(() => document.querySelector('video')?.paused === true);
  await page.evaluate(() => {
    scrollTo(0, 0);
  });
  await screenshot(page, 'opened', scratch);
  await visitor.close();
  await service.close();
}

async function conversation(browser: Browser, scratch: string): Promise<void> {
  const service = await startBeforeScript({}, { answer: () => ANSWER });
  const visitor = await visit(browser, `${service.url}/#/chat`);
  const { page } = visitor;
  await page
    .getByRole('textbox', { name: 'Write a message' })
    .fill('How do people greet each other in Spanish?');
  await page.keyboard.press('Enter');
  await page.getByText('with the same words').waitFor();
  await screenshot(page, 'chat', scratch);
  await visitor.close();
  await service.close();
}

const scratch = await mkdtemp(path.join(tmpdir(), 'screenshots-'));
await mkdir(FOLDER, { recursive: true });
for (const old of await readdir(FOLDER)) await rm(path.join(FOLDER, old));
const browser = await launchBrowser({
  wav: await speak('I live in a small house with my family.', { afterMs: 60_000 }),
});
await translations(browser, scratch);
await files(browser, scratch);
await openedFilm(browser, scratch);
await conversation(browser, scratch);
await browser.close();
await rm(scratch, { recursive: true });

/** An opened job: a film or a sound with its cues over it as they come, its words to be read, searched, corrected and saved. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { encodeWav } from '../../src/audio/wav/wav.js';
import { axeFindings } from '../support/browser/axe.js';
import { download, launchBrowser, speak, textOf, visit, withoutErrors } from '../support/browser/browser.js';
import {
  isWithin,
  passage,
  passages,
  playerOf,
  playSlowly,
  untilPlayer,
} from '../support/browser/opened-job.js';
import { closingAfterEachTest } from '../support/close-after-test.js';
import { startBeforeScript, startGateway, type Running } from '../support/gateway.js';
import { JobClient, recordingOf } from '../support/jobs/client.js';
import { requestFault } from '../support/offline.js';
import { parseWithMediaCaptions } from '../support/subtitles/parsers.js';

const SENTENCES = [
  'I live in a small house with my family.',
  'We have two dogs and three cats.',
  'The red house has a big garden.',
];

let browser: Browser;
let folder: string;
let film: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'opened-'));
  film = path.join(folder, 'my film.mp4');
  const sound = await speak(SENTENCES, { beforeMs: 1_500, pauseMs: 1_500, afterMs: 1_000 });
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=10'];
  const coding = ['-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-preset', 'ultrafast', '-c:a', 'aac'];
  await promisify(execFile)('ffmpeg', ['-v', 'error', ...picture, '-i', sound, '-shortest', ...coding, film]);
  browser = await launchBrowser('missing');
}, 30_000);
afterAll(async () => {
  await browser.close();
  await rm(folder, { recursive: true });
});

const closeAfterTest = closingAfterEachTest();

async function scripted(...args: Parameters<typeof startBeforeScript>): ReturnType<typeof startBeforeScript> {
  return closeAfterTest(await startBeforeScript(...args));
}

async function openJob(service: Running, jobId: string, options: BrowserContextOptions = {}): Promise<Page> {
  const visitor = await visit(browser, `${service.url}/#/files/${jobId}`, options);
  closeAfterTest(withoutErrors(visitor));
  return visitor.page;
}

describe('a film, with the offline engine', () => {
  let service: Running;
  let jobId: string;
  let page: Page;
  beforeAll(async () => {
    service = await startGateway();
  });
  afterAll(() => service.close());

  it('is played with its cues over it, is corrected, and is downloaded as it was corrected', async () => {
    page = await openJob(service, '', { bypassCSP: true });
    await page.getByRole('button', { name: 'From: Detect' }).click();
    await page.getByRole('option', { name: 'English' }).click();
    await page.getByLabel('Choose files').setInputFiles(film);
    await page.getByRole('link', { name: 'my film.mp4' }).click();
    const opened = page.getByRole('region', { name: 'my film.mp4' });
    await textOf(passage(page, 'big garden'), /La casa roja/);
    jobId = page.url().replace(/.*\//, '');

    await playSlowly(page);
    await passage(page, 'two dogs')
      .getByRole('button', { name: /^Play from/ })
      .click();
    const shown = await untilPlayer(page, ({ active, isPaused }) => active.length > 0 && !isPaused);
    expect(shown).toMatchObject({
      width: 320,
      mode: 'showing',
      active: ['Tenemos dos perros y tres gatos.'],
    });
    await page.locator('.segment.current').filter({ hasText: 'two dogs' }).waitFor();
    await page.keyboard.press('k');
    await untilPlayer(page, ({ isPaused }) => isPaused);
    expect(await axeFindings(page)).toEqual([]);

    await passage(page, 'two dogs')
      .getByRole('button', { name: /^Correct/ })
      .click();
    const field = page.getByRole('textbox', { name: /^Translation at/ });
    await field.fill('Tenemos perros');
    await page.keyboard.press('Shift+Enter');
    // None of these is a command while one writes.
    await page.keyboard.type('j k l y gatos.');
    expect((await playerOf(page)).isPaused).toBe(true);
    await page.keyboard.press('Enter');
    await untilPlayer(page, ({ active }) => active[0] === 'Tenemos perros j k l y gatos.');
    await textOf(passage(page, 'two dogs'), /Tenemos perros\s+j k l y gatos\./);
    expect(await page.locator(':focus').getAttribute('aria-label')).toMatch(/^Correct/);

    await opened.getByText('Both', { exact: true }).click();
    await untilPlayer(
      page,
      ({ active }) => active[0]?.startsWith('We have two dogs and three cats.\n') === true,
    );
    const both = await download(page, () => page.getByRole('button', { name: 'Download SRT' }).click());
    expect(both.name).toBe('my film.en-es.srt');
    expect((await parseWithMediaCaptions(both.content.toString(), 'srt'))[1]?.lines).toEqual([
      'We have two dogs and three cats.',
      'Tenemos perros j k l y gatos.',
    ]);
    await opened.getByText('English', { exact: true }).click();
    const source = await download(page, () => page.getByRole('button', { name: 'Download TXT' }).click());
    expect([source.name, source.content.toString().split('\n')[1]]).toEqual([
      'my film.en.txt',
      'We have two dogs and three cats.',
    ]);
    await opened.getByText('Spanish', { exact: true }).click();
    const vtt = await download(page, () => page.getByRole('button', { name: 'Download VTT' }).click());
    expect([vtt.name, vtt.content.toString().slice(0, 6)]).toEqual(['my film.es.vtt', 'WEBVTT']);
    const json = await download(page, () => page.getByRole('button', { name: 'Download JSON' }).click());
    expect(json.name).toBe('my film.es.json');
    expect(JSON.parse(json.content.toString())).toMatchObject({ jobId, language: 'es', task: 'translate' });

    // The film is still there after a reload, and so is the correction.
    await page.reload();
    await untilPlayer(
      page,
      ({ width, cues }) => width === 320 && cues[1] === 'Tenemos perros j k l y gatos.',
    );
  });

  it('is heard in another browser, as the sound that the service has, and is found by its words', async () => {
    const elsewhere = await openJob(service, jobId, {
      viewport: { width: 390, height: 844 },
      bypassCSP: true,
    });
    await elsewhere.getByRole('heading', { name: /^Recording of/ }).waitFor();
    await playSlowly(elsewhere);
    await passage(elsewhere, 'big garden')
      .getByRole('button', { name: /^Play from/ })
      .click();
    const heard = await untilPlayer(elsewhere, ({ active, isPaused }) => active.length > 0 && !isPaused);
    expect(heard).toMatchObject({
      width: 0,
      mode: 'hidden',
      active: ['La casa roja tiene un jardín grande.'],
    });
    await textOf(elsewhere.locator('.caption'), /^La casa roja/);
    await elsewhere.keyboard.press('Space'); // the button that was clicked has the focus, and pauses
    await untilPlayer(elsewhere, ({ isPaused }) => isPaused);

    const search = elsewhere.getByRole('searchbox', { name: 'Search the words' });
    await search.fill('GARDEN');
    await textOf(elsewhere.getByRole('status'), /^1 of 3 passages$/);
    expect(await passages(elsewhere).count()).toBe(1);
    expect(await elsewhere.locator('mark').allInnerTexts()).toEqual(['garden']);
    expect(await axeFindings(elsewhere)).toEqual([]);
    await search.fill('');
    const wide = await elsewhere.evaluate(() => document.documentElement.scrollWidth);
    expect(wide).toBe(390);
  });

  it('answers to the keyboard, and to the waveform', async () => {
    const heard = await openJob(service, jobId);
    const { duration } = await untilPlayer(heard, (now) => now.duration > 9);
    const waveform = heard.getByRole('slider', { name: 'Position in the recording' });
    await heard.getByRole('heading', { name: /^Recording of/ }).click();
    for (const [key, at] of [
      ['ArrowRight', 5],
      ['ArrowLeft', 0],
      ['l', 10],
      ['ArrowLeft', 5],
      ['j', 0],
    ] as const) {
      await heard.keyboard.press(key);
      await untilPlayer(heard, isWithin(Math.min(at, duration) - 0.1, at + 0.1));
    }
    await heard.keyboard.press('Space');
    await untilPlayer(heard, ({ isPaused, seconds }) => !isPaused && seconds > 0.2);
    await heard.keyboard.press('Space');
    await untilPlayer(heard, ({ isPaused }) => isPaused);
    const box = await waveform.boundingBox();
    if (box === null) throw new Error('the waveform is not shown');
    await heard.mouse.click(box.x + box.width / 2, box.y + 20);
    await untilPlayer(heard, isWithin(duration / 2 - 0.2, duration / 2 + 0.2));
    const drawn = await waveform
      .locator('canvas')
      .first()
      .evaluate((canvas: HTMLCanvasElement) => {
        const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
        return pixels.filter((value, at) => at % 4 === 3 && value > 0).length;
      });
    expect(drawn).toBeGreaterThan(500);
    await heard.getByRole('button', { name: 'Previous passage' }).click();
    const { seconds } = await playerOf(heard);
    expect(seconds).toBeLessThan(duration / 2);
  });
});

describe('what is played', () => {
  it('of a film that the browser cannot play is the sound that the service has', async () => {
    const service = await scripted();
    const old = path.join(folder, 'old film.wmv');
    const coding = ['-c:v', 'wmv2', '-c:a', 'wmav2'];
    await promisify(execFile)('ffmpeg', ['-v', 'error', '-i', film, ...coding, old]);
    const page = await openJob(service, '');
    await page.getByLabel('Choose files').setInputFiles(old);
    await page.getByRole('link', { name: 'old film.wmv' }).click();
    await playSlowly(page);
    await passage(page, /ms of audio/)
      .first()
      .getByRole('button', { name: /^Play from/ })
      .click();
    const heard = await untilPlayer(page, ({ active, isPaused }) => active.length > 0 && !isPaused);
    expect(heard).toMatchObject({ width: 0, mode: 'hidden' });
  }, 30_000);

  /** A job as it is while its recording is decoded. @returns what puts the rest there. */
  async function openHalfDecoded(decodedMs: number): Promise<{ page: Page; finish: () => Promise<number> }> {
    const service = await scripted();
    const client = new JobClient(service.url);
    const { jobId } = await client.create(await recordingOf(3));
    const { durationMs } = await client.completed(jobId);
    // Nothing but the folder knows where a job is.
    const file = (name: string): string => path.join(service.jobsDir, jobId, name);
    const [record, sound] = await Promise.all([
      readFile(file('job.json'), 'utf8'),
      readFile(file('audio.pcm')),
    ]);
    const unfinished = { ...(JSON.parse(record) as object), state: 'running', durationMs: null };
    await writeFile(file('job.json'), JSON.stringify(unfinished));
    await truncate(file('audio.pcm'), 48 * decodedMs);
    const page = await openJob(service, jobId);
    await untilPlayer(page, ({ duration }) => Math.abs(duration * 1_000 - decodedMs) < 100);
    return {
      page,
      finish: async () => {
        await writeFile(file('audio.pcm'), sound);
        await writeFile(file('job.json'), record);
        return durationMs ?? 0;
      },
    };
  }

  it('while a recording is decoded is what there is, and then goes on with the rest', async () => {
    const { page, finish } = await openHalfDecoded(2_000);
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await untilPlayer(page, ({ seconds }) => seconds > 0.3);
    const durationMs = await finish();
    await untilPlayer(page, ({ seconds, duration }) => seconds > 2.2 && duration > 3);
    await untilPlayer(page, ({ duration }) => Math.abs(duration * 1_000 - durationMs) < 50);
  }, 30_000);

  it('that was played to the end of what there was goes on once there is more', async () => {
    const { page, finish } = await openHalfDecoded(1_000);
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await untilPlayer(page, ({ seconds, isPaused }) => seconds > 0.9 && isPaused);
    await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
    await finish();
    await untilPlayer(page, ({ seconds, isPaused }) => seconds > 1.2 && !isPaused);
  }, 30_000);

  it('goes on where more of the sound comes before the browser has said that it plays', async () => {
    const { page, finish } = await openHalfDecoded(6_000);
    await page.evaluate(() => {
      const drop = (event: Event): void => {
        event.stopImmediatePropagation();
      };
      document.addEventListener('play', drop, { capture: true, once: true });
    });
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await untilPlayer(page, ({ isPaused }) => !isPaused);
    await finish();
    await untilPlayer(page, ({ seconds }) => seconds > 6.2);
  }, 30_000);

  it('and read ends with its job: the page says that it is gone', async () => {
    const service = await scripted();
    const client = new JobClient(service.url);
    service.script.requests.when(({ number }) => number > 2, requestFault.hang());
    const { jobId } = await client.create(await recordingOf(4));
    const page = await openJob(service, jobId, { bypassCSP: true });
    await passages(page).first().waitFor();
    await client.ask(`/api/realtime/jobs/${jobId}`, { method: 'DELETE' });
    await textOf(page.getByRole('alert'), /This job is gone/);
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'All files' }).click();
    await page.getByText('Nothing here yet').waitFor();
  }, 30_000);
});

describe('a correction', () => {
  it('that cannot be saved stays as it was typed, also over a reload, until it is saved or given up', async () => {
    const service = await scripted();
    const client = new JobClient(service.url);
    const { jobId } = await client.create(await recordingOf(2));
    await client.completed(jobId);
    const page = await openJob(service, jobId);
    await passages(page)
      .nth(1)
      .getByRole('button', { name: /^Correct/ })
      .click();
    const field = page.getByRole('textbox', { name: /^Translation at/ });
    await field.fill('Con <b>cuidado</b> & calma');
    await page.context().setOffline(true);
    await page.keyboard.press('Enter');
    await textOf(page.getByRole('alert'), /offline/);
    expect(await field.inputValue()).toBe('Con <b>cuidado</b> & calma');
    await page.context().setOffline(false);
    await page.reload();
    expect(await field.inputValue()).toBe('Con <b>cuidado</b> & calma');
    await passages(page)
      .nth(0)
      .getByRole('button', { name: /^Correct/ })
      .click();
    await page.keyboard.type(' nonsense');
    await page.keyboard.press('Escape');
    expect(await passages(page).nth(0).innerText()).not.toContain('nonsense');
    await field.press('Enter');
    await untilPlayer(page, ({ cues }) => cues[1] === 'Con &lt;b&gt;cuidado&lt;/b&gt; &amp; calma');
    await passage(page, 'Con <b>cuidado</b> & calma').waitFor();
    expect(await client.result(jobId, '?format=text')).toContain('Con <b>cuidado</b> & calma');
  }, 30_000);
});

describe('several targets', () => {
  it('are switched, and each is corrected and downloaded for itself', async () => {
    const service = await scripted();
    const client = new JobClient(service.url);
    const { jobId } = await client.create(await recordingOf(2), { target: 'es,fr', transcript: 'true' });
    await client.completed(jobId);
    const page = await openJob(service, jobId);
    const opened = page.getByRole('region', { name: /^Recording of/ });
    await opened.getByText('French', { exact: true }).click();
    await passages(page)
      .first()
      .getByRole('button', { name: /^Correct/ })
      .click();
    await page.getByRole('textbox', { name: /^Translation at/ }).fill('Bonjour à tous.');
    await page.keyboard.press('Enter');
    await untilPlayer(page, ({ cues }) => cues[0] === 'Bonjour à tous.');
    const french = await download(page, () => page.getByRole('button', { name: 'Download TXT' }).click());
    expect(french.name).toMatch(/\.fr\.txt$/);
    expect(french.content.toString()).toContain('Bonjour à tous.');
    await opened.getByText('Spanish', { exact: true }).click();
    await untilPlayer(page, ({ cues }) => cues[0] !== 'Bonjour à tous.');
    expect(await passages(page).first().innerText()).not.toContain('Bonjour');
    expect(await client.result(jobId, '?format=text&target=es')).not.toContain('Bonjour');
  }, 30_000);
});

describe('where keys are required', () => {
  it('the sound is heard and sought without all of it being loaded, and nothing else is opened by its address', async () => {
    const service = await scripted({ API_KEYS: 'key-of-this-test' });
    const client = new JobClient(service.url, 'key-of-this-test');
    const { jobId } = await client.create(
      encodeWav(Buffer.alloc(48_000 * 900, (await recordingOf(2)).subarray(44))),
    );
    const page = await openJob(service, jobId);
    await page.getByRole('textbox', { name: 'Key' }).fill('key-of-this-test');
    await page.keyboard.press('Enter');
    const requested: string[] = [];
    page.on('request', (request) => requested.push(request.url()));
    await client.completed(jobId);
    await untilPlayer(page, ({ duration }) => Math.abs(duration - 900) < 1);
    await page.getByRole('slider').press('End');
    await page.keyboard.press('j');
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await untilPlayer(page, ({ isPaused, seconds }) => !isPaused && seconds > 890.5);
    const loaded = await page.evaluate(() => {
      const { buffered } = document.querySelector('video') ?? {
        buffered: { length: 0, start: () => 0, end: () => 0 },
      };
      return Array.from({ length: buffered.length }, (_, at) => buffered.end(at) - buffered.start(at));
    });
    expect(loaded.reduce((sum, seconds) => sum + seconds, 0)).toBeLessThan(600);
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
  }, 60_000);
});

describe('a long recording, as it is translated', () => {
  it('of ten minutes shows segments as they come, goes on after a reload, and is heard before it is done', async () => {
    const service = await scripted();
    const client = new JobClient(service.url);
    const recording = await recordingOf(150);
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    service.script.answer = async ({ items }) => {
      const part = items.at(-1)?.parts.at(-1);
      const ms = part?.type === 'audio' ? Math.round((part.audio?.length ?? 0) / 48) : 0;
      if (service.script.requestCount > 60) await held;
      return `Frase de ${ms}`;
    };
    const { jobId } = await client.create(recording, { transcript: 'false' });
    const page = await openJob(service, jobId);
    await untilPlayer(page, ({ cues }) => cues.length > 20);
    await textOf(page.getByRole('status'), /\d:\d\d of \d+:\d\d translated/);
    const partial = await download(page, () => page.getByRole('button', { name: 'Download SRT' }).click());
    await page.getByText('As far as it is translated').waitFor();
    expect((await parseWithMediaCaptions(partial.content.toString(), 'srt')).length).toBeGreaterThan(20);

    await page.reload();
    await untilPlayer(page, ({ cues }) => cues.length > 20);
    await passages(page)
      .nth(3)
      .getByRole('button', { name: /^Play from/ })
      .click();
    await untilPlayer(page, ({ active }) => active[0]?.startsWith('Frase de') === true);
    release();
    const done = await untilPlayer(page, ({ cues }) => cues.length >= 150);
    expect(done.duration).toBeGreaterThan(500);
    await page.getByText('As far as it is translated').waitFor({ state: 'detached' });
  }, 60_000);

  it('marks a segment that failed with the reason, and translates it again', async () => {
    const service = await scripted();
    const client = new JobClient(service.url);
    // One answers with another word for each segment; the second is refused, and refused again.
    service.script.requests.when(
      ({ number }) => number === 2 || number > 4,
      requestFault.fail('server_error'),
    );
    const { jobId } = await client.create(await recordingOf(4));
    await client.until(jobId, ({ state, failedSegments }) => state === 'completed' && failedSegments === 1);
    const page = await openJob(service, jobId, { bypassCSP: true });
    const failed = passage(page, 'Not translated');
    await textOf(failed, /This could not be translated\./);
    expect(await passages(page).count()).toBe(4);
    expect(await axeFindings(page)).toEqual([]);
    service.script.requests.clear();
    const opened = page.getByRole('region', { name: /^Recording of/ });
    await opened.getByRole('button', { name: 'Translate them again' }).click();
    await failed.waitFor({ state: 'detached' });
    await untilPlayer(page, ({ cues }) => cues.length === 4);
    await opened.getByText('One passage could not be translated.').waitFor({ state: 'detached' });
  }, 60_000);

  it('that failed says why, and is resumed', async () => {
    const service = await scripted();
    const client = new JobClient(service.url);
    service.script.requests.every(requestFault.requestError('invalid_api_key'));
    const { jobId } = await client.create(await recordingOf(3));
    await client.completed(jobId);
    const page = await openJob(service, jobId, { bypassCSP: true });
    await page.getByRole('alert').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    service.script.requests.clear();
    await page
      .getByRole('region', { name: /^Recording of/ })
      .getByRole('button', { name: 'Resume' })
      .click();
    await passages(page).nth(2).waitFor();
    await page.getByRole('alert').waitFor({ state: 'detached' });
  }, 60_000);
});

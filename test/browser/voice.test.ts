/** The interpreter: a call with the offline engine, and with a scripted upstream where every turn must be known. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import { startBeforeScript, startGateway } from '../support/gateway.js';
import type { ClientEvent } from '../../src/wire/index.js';
import { connectionFault, requestFault, type Script } from '../support/offline.js';
import {
  openPlace,
  IN_SPANISH,
  launchBrowser,
  probeOf,
  SENTENCE,
  soundBegins,
  speak,
  textOf,
  visit,
} from '../support/browser/browser.js';

/** The scripted reply lasts 50 ms a character: ten seconds. */
const LONG_REPLY = 'A reply that is long enough to be spoken into. '.repeat(5).slice(0, 200);

/** Speaks once and is then silent for longer than a test takes. */
let speaker: Browser;
/** Speaks again and again, three seconds apart. */
let interrupter: Browser;
const cleanups: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const [once, again] = await Promise.all([
    speak(SENTENCE, { afterMs: 60_000 }),
    speak(SENTENCE, { beforeMs: 600, afterMs: 3_000 }),
  ]);
  speaker = await launchBrowser({ wav: once });
  interrupter = await launchBrowser({ wav: again });
});
afterAll(async () => {
  await speaker.close();
  await interrupter.close();
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function closeAfterTest<T extends { close(): Promise<unknown> }>(resource: T): T {
  cleanups.push(() => resource.close());
  return resource;
}

async function callFrom(browser: Browser, url: string): Promise<Page> {
  const visitor = await visit(browser, url);
  cleanups.push(async () => {
    expect(visitor.browserErrors).toEqual([]);
    await visitor.close();
  });
  await openPlace(visitor.page, 'Interpreter');
  await visitor.page.getByRole('button', { name: 'Start the call' }).click();
  await status(visitor.page, 'Connected');
  return visitor.page;
}

async function status(page: Page, text: string): Promise<void> {
  await page
    .getByRole('region', { name: 'Interpreter' })
    .getByRole('status')
    .filter({ hasText: text })
    .waitFor();
}

/** The events that the call sent upstream. Its socket is the last one; that of the pool opens first. */
function receivedEvents(script: Script): ClientEvent[] {
  return script.sockets.at(-1)?.events ?? [];
}

function isSilent(pcm: Buffer): boolean {
  return pcm.every((byte) => byte === 0);
}

/** The audio in `events`, frame by frame. */
function audioFramesOf(events: readonly ClientEvent[]): Buffer[] {
  return events.flatMap((event) => (event.type === 'buffer.append' ? [event.audio] : []));
}

function captions(page: Page, speaker: 'You' | 'Model'): Locator {
  return page.getByRole('log', { name: 'Captions' }).getByRole('article').filter({ hasText: speaker });
}

describe('a call with the offline engine', () => {
  it('shows what was said, answers in text and audio, and is hung up', async () => {
    const service = closeAfterTest(await startGateway());
    const page = await callFrom(speaker, service.url);
    await textOf(captions(page, 'You'), /weather is fine today/i);
    await textOf(captions(page, 'Model'), IN_SPANISH);
    await soundBegins(page);
    await page.getByText(/Latency \d+ ms|Latency [\d.]+ s/).waitFor();
    await page.getByText(/Duration 0:0\d/).waitFor();
    await page.getByRole('button', { name: 'Hang up' }).click();
    await status(page, 'Not connected');
    await textOf(captions(page, 'Model'), IN_SPANISH);
    expect(await page.getByRole('alert').count()).toBe(0);
  });
});

describe('a call', () => {
  it('sends audio continuously, 40 ms at a time', async () => {
    const service = closeAfterTest(await startBeforeScript({}, { answer: () => 'Yes.' }));
    await callFrom(speaker, service.url);
    await service.script.until(() => audioFramesOf(receivedEvents(service.script)).length >= 50, 10_000);
    const sizes = audioFramesOf(receivedEvents(service.script)).map((pcm) => pcm.length);
    expect(new Set(sizes)).toEqual(new Set([1920]));
  });

  it('stops playback immediately when the user speaks, and reports how much was played', async () => {
    const service = closeAfterTest(
      await startBeforeScript({}, { answer: () => LONG_REPLY, transcript: () => 'Stop there.' }),
    );
    const page = await callFrom(interrupter, service.url);
    const began = await soundBegins(page);
    await textOf(captions(page, 'Model').filter({ hasText: 'interrupted' }), /interrupted/);

    const { sound, events } = await probeOf(page);
    const spoken =
      events.find(([at, type]) => at > began && type === 'input_audio_buffer.speech_started')?.[0] ?? NaN;
    const lastSound =
      sound.filter(([at, loudness]) => at < spoken + 1000 && loudness > 0.01).at(-1)?.[0] ?? NaN;
    // The analyser looks at some milliseconds of the past.
    expect(lastSound - spoken).toBeLessThan(120);

    const playedMs = () =>
      receivedEvents(service.script).flatMap((event) =>
        event.type === 'item.truncate' ? [event.audioEndMs] : [],
      );
    await service.script.until(() => playedMs().length > 0);
    expect(Math.abs((playedMs()[0] ?? NaN) - (spoken - began))).toBeLessThan(300);
  });

  it('plays one answer after the other, never two at a time', async () => {
    const service = closeAfterTest(
      await startBeforeScript({}, { answer: ({ items }) => `Answer ${items.length}.` }),
    );
    const page = await callFrom(speaker, service.url);
    const field = page.getByRole('textbox', { name: 'Type into the call' });
    for (const text of ['one', 'two', 'three']) {
      await field.fill(text);
      await page.keyboard.press('Enter');
      await captions(page, 'You').filter({ hasText: text }).waitFor();
    }
    await textOf(captions(page, 'Model').last(), /Answer/);
    await soundBegins(page);
    const { sound } = await probeOf(page);
    // One tone of the script is 8000 of 32768 loud at its peak, at 80 % volume; two would be louder.
    const loudest = Math.max(...sound.map(([, loudness]) => loudness));
    expect(loudest).toBeLessThan((8000 / 32768) * Math.SQRT1_2 * 0.8 ** 2 * 1.15);
  });

  it('accepts typed messages, also during an answer', async () => {
    const service = closeAfterTest(await startBeforeScript());
    const page = await callFrom(speaker, service.url);
    service.script.requests.next(requestFault.hang({ after: 1 }));
    const field = page.getByRole('textbox', { name: 'Type into the call' });
    await field.fill('first question');
    await page.keyboard.press('Enter');
    await textOf(captions(page, 'Model'), /first/);
    await field.fill('second question');
    await page.keyboard.press('Enter');
    await textOf(captions(page, 'Model').filter({ hasText: 'second question' }), /second question/);
    await textOf(captions(page, 'Model').first(), /interrupted/);
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  it('sends silence while it is muted', async () => {
    const service = closeAfterTest(await startBeforeScript({}, { transcript: () => 'x' }));
    const page = await callFrom(interrupter, service.url);
    await page.getByRole('button', { name: 'Mute the microphone' }).click();
    // Frames that were in transit when the button was pressed may still hold speech.
    const mutedAt = receivedEvents(service.script).length + 5;
    const sent = () => audioFramesOf(receivedEvents(service.script).slice(mutedAt));
    await service.script.until(() => sent().length >= 120, 10_000);
    expect(sent().every(isSilent)).toBe(true);
    await page.getByRole('button', { name: 'Unmute the microphone' }).click();
    await service.script.until(() => !sent().every(isSilent), 10_000);
  });

  it('has a volume, which is kept over a reload', async () => {
    const service = closeAfterTest(await startBeforeScript({}, { answer: () => LONG_REPLY }));
    const page = await callFrom(speaker, service.url);
    const volume = page.getByRole('slider', { name: 'Volume' });
    await volume.focus();
    await page.keyboard.press('Home');
    await page.getByRole('textbox', { name: 'Type into the call' }).fill('speak');
    await page.keyboard.press('Enter');
    await textOf(captions(page, 'Model'), /long enough/);
    await page.waitForFunction(() => window.probe.sound.length > 100);
    expect((await probeOf(page)).sound.every(([, loudness]) => loudness < 0.001)).toBe(true);
    await volume.focus();
    await page.keyboard.press('End');
    await soundBegins(page);
    await page.reload();
    expect(await volume.inputValue()).toBe('100');
  });

  it('is marked in the navigation while another view is shown, and continues', async () => {
    const service = closeAfterTest(await startBeforeScript());
    const page = await callFrom(speaker, service.url);
    await openPlace(page, 'Chat');
    await page.getByRole('navigation').getByRole('img', { name: 'Connected' }).waitFor();
    await openPlace(page, 'Interpreter');
    await page.getByRole('button', { name: 'Hang up' }).click();
    await page.getByRole('navigation').getByRole('img', { name: 'Connected' }).waitFor({ state: 'detached' });
    await service.script.until(() => service.script.open.length <= 1);
  });
});

describe('a lost call', () => {
  it('is reported when the service restarts, and reconnects', async () => {
    const first = await startBeforeScript();
    const page = await callFrom(speaker, first.url);
    await page.getByRole('textbox', { name: 'Type into the call' }).fill('before');
    await page.keyboard.press('Enter');
    await textOf(captions(page, 'Model'), /before/);
    await first.close();
    await textOf(page.getByRole('alert'), /The service is restarting/);
    await status(page, 'Connection lost');

    await page.getByRole('button', { name: 'Reconnect' }).click();
    await textOf(page.getByRole('alert'), /The service cannot be reached/);
    closeAfterTest(await startBeforeScript({ PORT: new URL(first.url).port }));
    await page.getByRole('button', { name: 'Reconnect' }).click();
    await status(page, 'Connected');
    await page.getByText('the model does not know the messages above').waitFor();
    await page.getByRole('textbox', { name: 'Type into the call' }).fill('after');
    await page.keyboard.press('Enter');
    await textOf(captions(page, 'Model').last(), /after/);
  });

  it('is reported as an upstream failure when the engine fails', async () => {
    const service = closeAfterTest(await startBeforeScript());
    service.script.connections.when(({ number }) => number > 1, connectionFault.dropAfter(1_500));
    const page = await callFrom(speaker, service.url);
    await textOf(page.getByRole('alert'), /The translation engine does not answer/);
    await page.getByRole('button', { name: 'Reconnect' }).waitFor();
  });

  it('is reported immediately when the network is lost', async () => {
    const service = closeAfterTest(await startBeforeScript());
    const page = await callFrom(speaker, service.url);
    await page.context().setOffline(true);
    await textOf(page.getByRole('alert'), /This device is offline/);
    await page.context().setOffline(false);
    await page.getByRole('button', { name: 'Reconnect' }).click();
    await status(page, 'Connected');
  });

  it('is reported when too many are running', async () => {
    const service = closeAfterTest(await startBeforeScript({ RELAY_MAX_PER_CLIENT: '1' }));
    await callFrom(speaker, service.url);
    const second = closeAfterTest(await visit(speaker, service.url)).page;
    await openPlace(second, 'Interpreter');
    await second.getByRole('button', { name: 'Start the call' }).click();
    await textOf(second.getByRole('alert'), /refused the conversation; perhaps too many are running/);
  });
});

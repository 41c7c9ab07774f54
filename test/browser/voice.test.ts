/** The second place: a call with the offline engine, and with a script where every turn must be known. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import { startBeforeScript, startGateway } from '../support/gateway.js';
import type { ClientEvent } from '../../src/wire/index.js';
import { connectionFault, requestFault, type Script } from '../support/offline.js';
import {
  go,
  IN_SPANISH,
  launchBrowser,
  probeOf,
  SENTENCE,
  soundBegins,
  speak,
  textOf,
  visit,
} from '../support/browser/browser.js';

/** The scripted reply sounds 50 ms a character: this one for ten seconds. */
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

function kept<T extends { close(): Promise<unknown> }>(thing: T): T {
  cleanups.push(() => thing.close());
  return thing;
}

async function callFrom(browser: Browser, url: string): Promise<Page> {
  const visitor = await visit(browser, url);
  cleanups.push(async () => {
    expect(visitor.complaints).toEqual([]);
    await visitor.close();
  });
  await go(visitor.page, 'Voice');
  await visitor.page.getByRole('button', { name: 'Start the call' }).click();
  await status(visitor.page, 'Connected');
  return visitor.page;
}

async function status(page: Page, text: string): Promise<void> {
  await page.getByRole('region', { name: 'Voice' }).getByRole('status').filter({ hasText: text }).waitFor();
}

/** What came up in the call: its socket is the one that is not of the pool, which opens first. */
function said(script: Script): ClientEvent[] {
  return script.sockets.at(-1)?.events ?? [];
}

function isSilent(pcm: Buffer): boolean {
  return pcm.every((byte) => byte === 0);
}

/** The sound that came up, frame by frame. */
function soundOf(events: readonly ClientEvent[]): Buffer[] {
  return events.flatMap((event) => (event.type === 'buffer.append' ? [event.audio] : []));
}

function captions(page: Page, speaker: 'You' | 'Model'): Locator {
  return page.getByRole('log', { name: 'Captions' }).getByRole('article').filter({ hasText: speaker });
}

describe('a call with the offline engine', () => {
  it('writes what was said, answers in words and in sound, and is hung up', async () => {
    const service = kept(await startGateway());
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
  it('sends sound without a pause, 40 ms at a time', async () => {
    const service = kept(await startBeforeScript({}, { answer: () => 'Yes.' }));
    await callFrom(speaker, service.url);
    await service.script.until(() => soundOf(said(service.script)).length >= 50, 10_000);
    const sizes = soundOf(said(service.script)).map((pcm) => pcm.length);
    expect(new Set(sizes)).toEqual(new Set([1920]));
  });

  it('falls silent at once when it is spoken into, and tells how much was heard', async () => {
    const service = kept(
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

    const heard = () =>
      said(service.script).flatMap((event) => (event.type === 'item.truncate' ? [event.audioEndMs] : []));
    await service.script.until(() => heard().length > 0);
    expect(Math.abs((heard()[0] ?? NaN) - (spoken - began))).toBeLessThan(300);
  });

  it('plays one answer after the other, never two at a time', async () => {
    const service = kept(await startBeforeScript({}, { answer: ({ items }) => `Answer ${items.length}.` }));
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

  it('can be typed into, also while an answer is being given', async () => {
    const service = kept(await startBeforeScript());
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

  it('hears silence while it is muted', async () => {
    const service = kept(await startBeforeScript({}, { transcript: () => 'x' }));
    const page = await callFrom(interrupter, service.url);
    await page.getByRole('button', { name: 'Mute the microphone' }).click();
    // What was on its way when the button was pressed may still be heard.
    const mutedAt = said(service.script).length + 5;
    const sent = () => soundOf(said(service.script).slice(mutedAt));
    await service.script.until(() => sent().length >= 120, 10_000);
    expect(sent().every(isSilent)).toBe(true);
    await page.getByRole('button', { name: 'Unmute the microphone' }).click();
    await service.script.until(() => !sent().every(isSilent), 10_000);
  });

  it('is as loud as asked, and remembers it', async () => {
    const service = kept(await startBeforeScript({}, { answer: () => LONG_REPLY }));
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

  it('is marked in the navigation while another place is shown, and goes on', async () => {
    const service = kept(await startBeforeScript());
    const page = await callFrom(speaker, service.url);
    await go(page, 'Text');
    await page.getByRole('navigation').getByRole('img', { name: 'Connected' }).waitFor();
    await go(page, 'Voice');
    await page.getByRole('button', { name: 'Hang up' }).click();
    await page.getByRole('navigation').getByRole('img', { name: 'Connected' }).waitFor({ state: 'detached' });
    await service.script.until(() => service.script.open.length <= 1);
  });
});

describe('a call that is lost', () => {
  it('with the service, which stops and starts again, is told and taken up', async () => {
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
    kept(await startBeforeScript({ PORT: new URL(first.url).port }));
    await page.getByRole('button', { name: 'Reconnect' }).click();
    await status(page, 'Connected');
    await page.getByText('the model does not know what stands above').waitFor();
    await page.getByRole('textbox', { name: 'Type into the call' }).fill('after');
    await page.keyboard.press('Enter');
    await textOf(captions(page, 'Model').last(), /after/);
  });

  it('with the engine behind the service is told as that', async () => {
    const service = kept(await startBeforeScript());
    service.script.connections.when(({ number }) => number > 1, connectionFault.dropAfter(1_500));
    const page = await callFrom(speaker, service.url);
    await textOf(page.getByRole('alert'), /The translation engine does not answer/);
    await page.getByRole('button', { name: 'Reconnect' }).waitFor();
  });

  it('with the network is told at once', async () => {
    const service = kept(await startBeforeScript());
    const page = await callFrom(speaker, service.url);
    await page.context().setOffline(true);
    await textOf(page.getByRole('alert'), /This device is offline/);
    await page.context().setOffline(false);
    await page.getByRole('button', { name: 'Reconnect' }).click();
    await status(page, 'Connected');
  });

  it('because too many are running is told', async () => {
    const service = kept(await startBeforeScript({ RELAY_MAX_PER_CLIENT: '1' }));
    await callFrom(speaker, service.url);
    const second = kept(await visit(speaker, service.url)).page;
    await go(second, 'Voice');
    await second.getByRole('button', { name: 'Start the call' }).click();
    await textOf(second.getByRole('alert'), /refused the conversation; perhaps too many are running/);
  });
});

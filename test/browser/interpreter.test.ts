/** The interpreter: a call with the offline engine, and with a scripted upstream where every turn must be known. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { freePort } from '../support/free-port.js';
import { startBeforeScript, startGateway } from '../support/gateway.js';
import type { ClientEvent } from '../../src/wire/index.js';
import { connectionFault, requestFault, type Script } from '../support/offline.js';
import { axeFindings } from '../support/browser/axe.js';
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
  withoutErrors,
} from '../support/browser/browser.js';
import { closingAfterEachTest } from '../support/close-after-test.js';

/** The scripted reply lasts 50 ms a character: ten seconds. */
const LONG_REPLY = 'A reply that is long enough to be spoken into. '.repeat(5).slice(0, 200);

/** Speaks once and is then silent for longer than a test takes. */
let speaker: Browser;
/** Speaks again and again, three seconds apart. */
let interrupter: Browser;
const closeAfterTest = closingAfterEachTest();

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
type Mode = 'Auto' | 'Hold' | 'Assistant';

async function visitFrom(
  browser: Browser,
  url: string,
  mode: Mode = 'Auto',
  options: BrowserContextOptions = {},
): Promise<Page> {
  const visitor = await visit(browser, url, options);
  closeAfterTest(withoutErrors(visitor));
  await openPlace(visitor.page, 'Interpreter');
  await visitor.page.getByRole('radio', { name: mode }).check();
  return visitor.page;
}

async function callFrom(browser: Browser, url: string, mode: Mode = 'Auto'): Promise<Page> {
  const page = await visitFrom(browser, url, mode);
  await page.getByRole('button', { name: 'Start the call' }).click();
  await status(page, 'Connected');
  return page;
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

function captions(page: Page, side: 'You' | 'Model'): Locator {
  const name = side === 'You' ? 'What was said' : 'What is heard';
  return page.getByRole('log', { name }).getByRole('article');
}

async function type(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Or type here' }).fill(text);
  await page.keyboard.press('Enter');
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
    const page = await callFrom(interrupter, service.url, 'Assistant');
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
    const field = page.getByRole('textbox', { name: 'Or type here' });
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
    const field = page.getByRole('textbox', { name: 'Or type here' });
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
    await page.getByRole('button', { name: 'Microphone and loudspeaker' }).click();
    await volume.focus();
    await page.keyboard.press('Home');
    await page.getByRole('textbox', { name: 'Or type here' }).fill('speak');
    await page.keyboard.press('Enter');
    await textOf(captions(page, 'Model'), /long enough/);
    await page.waitForFunction(() => window.probe.sound.length > 100);
    expect((await probeOf(page)).sound.every(([, loudness]) => loudness < 0.001)).toBe(true);
    await volume.focus();
    await page.keyboard.press('End');
    await soundBegins(page);
    page.on('dialog', (dialog) => void dialog.accept());
    await page.reload();
    await page.getByRole('button', { name: 'Microphone and loudspeaker' }).click();
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
    const PORT = String(await freePort());
    const first = await startBeforeScript({ PORT });
    const page = await callFrom(speaker, first.url);
    await page.getByRole('textbox', { name: 'Or type here' }).fill('before');
    await page.keyboard.press('Enter');
    await textOf(captions(page, 'Model'), /before/);
    await first.close();
    await textOf(page.getByRole('alert'), /The service is restarting/);
    await status(page, 'Connection lost');

    await page.getByRole('button', { name: 'Reconnect' }).click();
    await textOf(page.getByRole('alert'), /The service cannot be reached/);
    closeAfterTest(await startBeforeScript({ PORT }));
    await page.getByRole('button', { name: 'Reconnect' }).click();
    await status(page, 'Connected');
    await page.getByText('the model does not know the messages above').first().waitFor();
    await page.getByRole('textbox', { name: 'Or type here' }).fill('after');
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

describe('interpreted sentences', () => {
  /** Twenty with INTERPRETED_SENTENCES=20, which takes two minutes. */
  const COUNT = Number(process.env.INTERPRETED_SENTENCES ?? '3');
  const SENTENCES = [
    'The weather is fine today.',
    'The red house has a big garden.',
    'Good morning, my friend.',
    'We are going to the market tomorrow.',
  ];

  it(
    'are each heard to the end, though the speaker goes on after 1.5 s',
    async () => {
      const texts = Array.from({ length: COUNT }, (_, index) => SENTENCES[index % SENTENCES.length] ?? '');
      const wav = await speak(texts, { pauseMs: 1_500, afterMs: 300_000 });
      const browser = closeAfterTest(await launchBrowser({ wav }));
      const service = closeAfterTest(await startGateway());
      const page = await callFrom(browser, service.url);
      const timeout = 30_000 + COUNT * 10_000;
      const replays = captions(page, 'Model').getByRole('button', { name: 'Play again' });
      await replays.nth(COUNT - 1).waitFor({ timeout });

      const { deltas, chunks } = await probeOf(page);
      const heard = heardOfEach(deltas, chunks);
      console.log(`heard of ${heard.length} sentences: ${heard.map((part) => part.toFixed(3)).join(' ')}`);
      expect(heard).toHaveLength(COUNT);
      expect(Math.min(...heard)).toBeGreaterThanOrEqual(0.95);
      expect(await captions(page, 'Model').filter({ hasText: 'interrupted' }).count()).toBe(0);
    },
    60_000 + COUNT * 12_000,
  );

  /** Of the sound of each answer, in order, the part that was heard. */
  function heardOfEach(
    deltas: readonly [string, number][],
    chunks: readonly { samples: number; seconds: number; stoppedAfter?: number }[],
  ): number[] {
    const answers = new Map<string, { samples: number; heard: number }>();
    const waiting = [...chunks];
    for (const [itemId, samples] of deltas) {
      const answer = answers.get(itemId) ?? { samples: 0, heard: 0 };
      answers.set(itemId, answer);
      answer.samples += samples;
      // Chunks are played in the order of their arrival; what was never played is missing among them.
      if (waiting[0]?.samples !== samples) continue;
      const { seconds, stoppedAfter = seconds } = waiting.shift() ?? { seconds: 0 };
      answer.heard += samples * Math.min(1, stoppedAfter / seconds);
    }
    return [...answers.values()].map(({ samples, heard }) => heard / samples);
  }

  it('are counted from the end of the last word to what is heard', async () => {
    const service = closeAfterTest(await startBeforeScript({}, { answer: () => 'Yes.' }));
    const page = await callFrom(speaker, service.url);
    await soundBegins(page);
    const shown = await page.getByText(/Latency [\d.]+ m?s/).innerText();
    const [, amount, unit] = /([\d.]+) (m?s)/.exec(shown) ?? [];
    const { events } = await probeOf(page);
    const stoppedAt = events.find(([, type]) => type === 'input_audio_buffer.speech_stopped')?.[0] ?? NaN;
    const heardAt = (await probeOf(page)).sound.find(([, loudness]) => loudness > 0.01)?.[0] ?? NaN;
    const latency = Number(amount) * (unit === 's' ? 1000 : 1);
    // The closing silence of 500 ms counts, which the event comes after.
    expect(latency - (heardAt - stoppedAt)).toBeGreaterThan(300);
    expect(latency - (heardAt - stoppedAt)).toBeLessThan(1_000);
  });
});

describe('an answer that was heard', () => {
  it('can be heard again, also after a reload', async () => {
    const service = closeAfterTest(await startBeforeScript({}, { answer: () => 'Say it again, please.' }));
    const page = await callFrom(speaker, service.url);
    await type(page, 'hello');
    const again = captions(page, 'Model').getByRole('button', { name: 'Play again' });
    await again.waitFor();
    await page.getByRole('button', { name: 'Hang up' }).click();
    page.on('dialog', (dialog) => void dialog.accept());
    await page.reload();
    await again.click();
    await captions(page, 'Model').getByRole('button', { name: 'Stop playing' }).click();
    await again.waitFor();
  });
});

describe('hold to talk', () => {
  it('sends speech only while the space bar or the button is held, and says so', async () => {
    const service = closeAfterTest(await startBeforeScript({}, { answer: () => 'Yes.' }));
    const page = await callFrom(interrupter, service.url, 'Hold');
    const frames = () => audioFramesOf(receivedEvents(service.script));
    await service.script.until(() => frames().length >= 100, 10_000);
    expect(frames().every(isSilent)).toBe(true);

    const button = page.getByRole('button', { name: 'Hold to talk' });
    expect(await button.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.keyboard.down('Space');
    await page.getByRole('button', { name: 'Release to send' }).waitFor();
    await service.script.until(() => !frames().every(isSilent), 10_000);
    await page.keyboard.up('Space');
    await button.waitFor();
    await status(page, 'Connected');

    const releasedAt = frames().length + 5;
    await service.script.until(() => frames().length >= releasedAt + 100, 10_000);
    expect(frames().slice(releasedAt).every(isSilent)).toBe(true);

    await page.mouse.move(...(await centreOf(button)));
    await page.mouse.down();
    await service.script.until(() => !frames().slice(releasedAt).every(isSilent), 10_000);
    await page.mouse.up();
  });

  async function centreOf(locator: Locator): Promise<[number, number]> {
    const box = await locator.boundingBox();
    if (box === null) throw new Error('not on screen');
    return [box.x + box.width / 2, box.y + box.height / 2];
  }
});

describe('without a microphone', () => {
  it('one types instead, and is answered in text and sound', async () => {
    const browser = closeAfterTest(await launchBrowser('refused'));
    const service = closeAfterTest(await startGateway());
    const page = await visitFrom(browser, service.url);
    await page.getByRole('button', { name: 'Start the call' }).click();
    await textOf(page.getByRole('alert'), /The microphone is blocked.*or type instead/);
    await page.getByRole('combobox', { name: 'From' }).filter({ visible: true }).selectOption('en');
    await type(page, 'The weather is fine today.');
    await status(page, 'the microphone is off');
    await textOf(captions(page, 'Model'), IN_SPANISH);
    await soundBegins(page);
    await page.getByRole('button', { name: 'Use the microphone' }).click();
    await textOf(page.getByRole('alert'), /The microphone is blocked/);
    await status(page, 'Connected');
  });
});

describe('two people at a table', () => {
  it('read a pane each, one of them turned, in larger type, which is kept', async () => {
    const service = closeAfterTest(await startBeforeScript({}, { answer: () => 'مرحبا (نعم).' }));
    const page = await callFrom(speaker, service.url);
    await type(page, 'hello');
    const words = captions(page, 'Model').first().locator('.words');
    const sizeOf = () => words.evaluate((element) => parseFloat(getComputedStyle(element).fontSize));
    const before = await sizeOf();
    await page.getByRole('button', { name: 'Larger type' }).click();
    expect(await sizeOf()).toBeGreaterThan(before);
    // Arabic is read from the right.
    expect(await words.evaluate((element) => getComputedStyle(element).direction)).toBe('rtl');

    const turn = page.getByRole('button', { name: /Turn the other side/ });
    await turn.click();
    const turned = page.locator('.answers');
    expect(await turned.evaluate((element) => getComputedStyle(element).rotate)).toBe('180deg');
    const top = async (name: string) => (await page.getByRole('log', { name }).boundingBox())?.y ?? NaN;
    expect(await top('What is heard')).toBeLessThan(await top('What was said'));
    await page.getByRole('button', { name: 'Hang up' }).click();
    await page.reload();
    expect(await turn.getAttribute('aria-pressed')).toBe('true');
  });

  it('fill the screen with F', async () => {
    const service = closeAfterTest(await startBeforeScript());
    const page = await visitFrom(speaker, service.url);
    await page.getByRole('heading', { name: /What was said/ }).click();
    await page.keyboard.press('f');
    await page.getByRole('button', { name: 'Leave full screen' }).click();
    await page.getByRole('button', { name: 'Full screen', exact: true }).waitFor();
  });

  it('are interpreted both ways where the model can be told to, and only there', async () => {
    const service = closeAfterTest(await startBeforeScript());
    const page = await visitFrom(speaker, service.url);
    await page.getByRole('combobox', { name: 'From' }).filter({ visible: true }).selectOption('en');
    await page.getByRole('combobox', { name: 'To' }).filter({ visible: true }).selectOption('es');
    await page.getByRole('checkbox', { name: 'Both ways' }).check();
    await type(page, 'hello');
    await textOf(captions(page, 'Model'), /hello/);
    expect(service.script.asked[0]?.instructions).toMatch(
      /said in English, say in Spanish.*said in Spanish, say in English/,
    );

    const offline = closeAfterTest(await startGateway());
    const other = await visitFrom(speaker, offline.url);
    await other.getByRole('combobox', { name: 'To' }).filter({ visible: true }).selectOption('es');
    expect(await other.getByRole('checkbox', { name: 'Both ways' }).count()).toBe(0);
  });
});

describe('a running call', () => {
  it('keeps the screen on, and asks before it is closed', async () => {
    const service = closeAfterTest(await startBeforeScript());
    const page = await visitFrom(speaker, service.url);
    await page.evaluate(() => {
      const wakeLock = navigator.wakeLock;
      const request = wakeLock.request.bind(wakeLock);
      wakeLock.request = async (type) => {
        const lock = await request(type);
        document.documentElement.dataset.lock = 'held';
        lock.addEventListener('release', () => (document.documentElement.dataset.lock = 'released'));
        return lock;
      };
    });
    await page.getByRole('button', { name: 'Start the call' }).click();
    await status(page, 'Connected');
    await page.locator('html[data-lock=held]').waitFor({ state: 'attached' });
    const asked = page.waitForEvent('dialog');
    await page.close({ runBeforeUnload: true });
    const dialog = await asked;
    expect(dialog.type()).toBe('beforeunload');
    await dialog.dismiss();
    await page.getByRole('button', { name: 'Hang up' }).click();
    await page.locator('html[data-lock=released]').waitFor({ state: 'attached' });
  });

  it('whose microphone is unplugged says so, answers what was said, and goes on in writing', async () => {
    const service = closeAfterTest(await startBeforeScript({}, { answer: () => 'Go on.' }));
    const page = await visitFrom(speaker, service.url);
    await page.evaluate(() => {
      const { mediaDevices } = navigator;
      const getUserMedia = mediaDevices.getUserMedia.bind(mediaDevices);
      mediaDevices.getUserMedia = async (constraints) => {
        const stream = await getUserMedia(constraints);
        addEventListener('unplug', () => {
          for (const track of stream.getTracks()) {
            track.stop();
            track.dispatchEvent(new Event('ended'));
          }
        });
        return stream;
      };
    });
    await page.getByRole('button', { name: 'Start the call' }).click();
    await textOf(captions(page, 'Model'), /Go on/);
    await page.evaluate(() => dispatchEvent(new Event('unplug')));
    await textOf(page.getByRole('alert'), /microphone was disconnected/);
    await status(page, 'the microphone is off');
    await type(page, 'hello');
    await captions(page, 'Model').nth(1).waitFor();
    await page.getByRole('button', { name: 'Use the microphone' }).click();
    await page.getByRole('button', { name: 'Mute the microphone' }).waitFor();
  });

  it.each([
    ['at 200 %', { width: 720, height: 450 }],
    ['on a phone on its side', { width: 844, height: 390 }],
    ['on a phone', { width: 390, height: 844 }],
  ])('shows captions and controls without scrolling %s', async (_, viewport) => {
    const service = closeAfterTest(await startBeforeScript());
    const page = await visitFrom(speaker, service.url, 'Auto', { viewport });
    await page.getByRole('button', { name: 'Start the call' }).click();
    await status(page, 'Connected');
    await type(page, 'good morning');
    await textOf(captions(page, 'Model'), /good morning/);
    for (const shown of [
      captions(page, 'You').last().locator('.words'),
      captions(page, 'Model').last().locator('.words'),
      page.getByRole('button', { name: 'Hang up' }),
    ]) {
      const box = await shown.boundingBox();
      expect(box?.y).toBeGreaterThanOrEqual(0);
      expect((box?.y ?? NaN) + (box?.height ?? NaN)).toBeLessThanOrEqual(viewport.height);
    }
    for (const name of ['What was said', 'What is heard'])
      expect((await page.getByRole('log', { name }).boundingBox())?.height).toBeGreaterThan(80);
  });

  it('says what is wrong while the service does not say what it can, and offers no call', async () => {
    const service = closeAfterTest(await startBeforeScript());
    const visitor = closeAfterTest(await visit(speaker, 'about:blank'));
    await visitor.page.route('**/api/capabilities', (route) => route.abort());
    await visitor.page.goto(`${service.url}/#/interpreter`);
    await textOf(visitor.page.getByRole('alert'), /cannot be reached/);
    expect(await visitor.page.getByRole('button', { name: 'Start the call' }).isDisabled()).toBe(true);
    await visitor.page.unroute('**/api/capabilities');
    await visitor.page.getByRole('button', { name: 'Try again' }).click();
    await visitor.page.getByRole('button', { name: 'Start the call', disabled: false }).waitFor();
  });
});

describe('every state of it', () => {
  it.each(['light', 'dark'] as const)('is clean for axe, %s', async (colorScheme) => {
    const service = closeAfterTest(await startBeforeScript());
    const page = await visitFrom(speaker, service.url, 'Hold', {
      colorScheme,
      reducedMotion: 'reduce',
      bypassCSP: true,
    });
    const states: Record<string, () => Promise<unknown>> = {
      idle: () => page.getByRole('button', { name: 'Start the call' }).waitFor(),
      calling: async () => {
        await page.getByRole('button', { name: 'Start the call' }).click();
        await status(page, 'Connected');
      },
      holding: async () => {
        await page.keyboard.down('Space');
        await page.getByRole('button', { name: 'Release to send' }).waitFor();
      },
      answered: async () => {
        await page.keyboard.up('Space');
        await type(page, 'hello');
        await captions(page, 'Model').getByRole('button').first().waitFor();
      },
      turned: () => page.getByRole('button', { name: /Turn the other side/ }).click(),
      'choosing the sound': async () => {
        await page.getByRole('button', { name: 'Microphone and loudspeaker' }).click();
        await page.getByRole('dialog').getByRole('meter').waitFor();
      },
      'in the settings': async () => {
        await page.keyboard.press('Escape');
        await page.getByRole('button', { name: 'Settings' }).click();
        await page.getByRole('region', { name: 'Kept in this browser' }).waitFor();
      },
      offline: async () => {
        await page.getByRole('button', { name: 'Close' }).click();
        await page.context().setOffline(true);
        await textOf(page.getByRole('alert'), /This device is offline/);
      },
    };
    for (const [state, reach] of Object.entries(states)) {
      await reach();
      expect({ state, found: await axeFindings(page) }).toEqual({ state, found: [] });
    }
    await page.context().setOffline(false);
  });
});

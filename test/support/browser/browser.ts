/** Drives a real Chromium against the real service, and observes what a user would see and hear. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { chromium, type Browser, type BrowserContextOptions, type Locator, type Page } from 'playwright-core';
import { wavAtRate } from '../wav.js';

export const QUIET =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';
export const BROWSER_PATH = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
/** Flite's voices are recorded at this rate. */
const FLITE_HZ = 16_000;

/** Spoken by `slt`, the only flite voice that the offline engine understands well. */
export const SENTENCE = 'The weather is fine today.';
export const IN_SPANISH = /tiempo.* hoy/i;

/** The browser's microphone: a WAV in a loop, no device, or permission denied. */
export type Microphone = { readonly wav: string } | 'missing' | 'refused';

/** @param hosts names that resolve to this machine but count as foreign sites, which are insecure without https. */
export async function launchBrowser(microphone: Microphone, hosts: readonly string[] = []): Promise<Browser> {
  const fake =
    typeof microphone === 'object'
      ? ['--use-fake-ui-for-media-stream', `--use-file-for-fake-audio-capture=${microphone.wav}`]
      : [];
  // A refused microphone must exist: Chromium looks for a device before it asks for permission.
  if (microphone !== 'missing') fake.push('--use-fake-device-for-media-stream');
  const rules = hosts.map((host) => `MAP ${host} 127.0.0.1`).join(',');
  const browser = await chromium.launch({
    executablePath: BROWSER_PATH,
    args: [...QUIET.split(' '), ...fake, ...(rules === '' ? [] : [`--host-resolver-rules=${rules}`])],
  });
  if (microphone === 'missing' || microphone === 'refused') {
    const control = await browser.newBrowserCDPSession();
    const setting = microphone === 'missing' ? 'granted' : 'denied';
    await control.send('Browser.setPermission', { permission: { name: 'microphone' }, setting });
  }
  return browser;
}

/** Records spoken sentences between silences. @returns the path of the WAV. */
export async function speak(
  text: string | readonly string[],
  { beforeMs = 800, pauseMs = 1_500, afterMs = 8_000 } = {},
): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'spoken-'));
  const silence = (ms: number) => Buffer.alloc(Math.round((ms / 1000) * FLITE_HZ) * 2);
  const parts = [silence(beforeMs)];
  for (const [index, sentence] of (typeof text === 'string' ? [text] : text).entries()) {
    const spoken = path.join(folder, 'spoken.wav');
    await promisify(execFile)('flite', ['-voice', 'slt', '-t', sentence, '-o', spoken]);
    if (index > 0) parts.push(silence(pauseMs));
    parts.push((await readFile(spoken)).subarray(44));
  }
  const file = path.join(folder, 'microphone.wav');
  await writeFile(file, wavAtRate(Buffer.concat([...parts, silence(afterMs)]), FLITE_HZ));
  return file;
}

/** What a page played and received, with times of its own clock in milliseconds. */
interface Probe {
  /** Loudness (root mean square) of the output, about every 10 ms. */
  readonly sound: [number, number][];
  /** Types of the events received over WebSockets. */
  readonly events: [number, string][];
  /** Answers in sound as they arrived: item id and number of samples. */
  readonly deltas: [string, number][];
  /** What was given to the loudspeaker: number of samples, and how many seconds of it sounded before it was stopped. */
  readonly chunks: { samples: number; seconds: number; stoppedAfter?: number }[];
}

declare global {
  interface Window {
    probe: Probe;
  }
}

/** Runs in the page before its own code. */
function installProbe(): void {
  const probe: Probe = { sound: [], events: [], deltas: [], chunks: [] };
  window.probe = probe;
  const OriginalContext = AudioContext;
  // The page plays everything through one gain node.
  window.AudioContext = class extends OriginalContext {
    override createBufferSource(): AudioBufferSourceNode {
      const source = super.createBufferSource();
      const [start, stop] = [source.start.bind(source), source.stop.bind(source)];
      let [chunk, startsAt]: [Probe['chunks'][number] | undefined, number] = [undefined, 0];
      source.start = (at = 0) => {
        startsAt = at;
        chunk = { samples: source.buffer?.length ?? 0, seconds: source.buffer?.duration ?? 0 };
        probe.chunks.push(chunk);
        start(at);
      };
      source.stop = () => {
        if (chunk !== undefined) chunk.stoppedAfter = Math.max(0, this.currentTime - startsAt);
        stop();
      };
      return source;
    }
    override createGain(): GainNode {
      const volume = super.createGain();
      const analyser = new AnalyserNode(this, { fftSize: 256 });
      volume.connect(analyser);
      const samples = new Float32Array(analyser.fftSize);
      setInterval(() => {
        analyser.getFloatTimeDomainData(samples);
        const sum = samples.reduce((total, sample) => total + sample * sample, 0);
        probe.sound.push([performance.now(), Math.sqrt(sum / samples.length)]);
      }, 10);
      return volume;
    }
  };
  const OriginalSocket = WebSocket;
  window.WebSocket = class extends OriginalSocket {
    constructor(address: string | URL) {
      super(address);
      this.addEventListener('message', ({ data }: MessageEvent<string>) => {
        const event = JSON.parse(data) as { type: string; item_id: string; delta: string };
        probe.events.push([performance.now(), event.type]);
        if (event.type === 'response.output_audio.delta')
          probe.deltas.push([event.item_id, atob(event.delta).length >> 1]);
      });
    }
  };
}

export interface Visit {
  readonly page: Page;
  /** Errors and warnings of the browser, except for failed requests. */
  readonly browserErrors: string[];
  close(): Promise<void>;
}

export async function visit(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: 'en',
    ...options,
  });
  await context.addInitScript(installProbe);
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const browserErrors: string[] = [];
  page.on('pageerror', (error) => browserErrors.push(error.message));
  page.on('console', (message) => {
    const expected = /Failed to load resource|WebSocket connection to|a place was not loaded/.test(
      message.text(),
    );
    if (['error', 'warning'].includes(message.type()) && !expected) browserErrors.push(message.text());
  });
  await page.goto(url);
  return { page, browserErrors, close: () => context.close() };
}

/** What closes a visit, and rejects if the browser has reported an error or a warning. */
export function withoutErrors(visitor: Visit): { close(): Promise<void> } {
  return {
    close: async () => {
      await visitor.close();
      if (visitor.browserErrors.length > 0)
        throw new Error(`The browser reports: ${visitor.browserErrors.join('; ')}`);
    },
  };
}

/** Waits for audible output. @returns when it began. */
export async function soundBegins(page: Page): Promise<number> {
  const found = await page.waitForFunction(
    () => window.probe.sound.find(([, loudness]) => loudness > 0.01)?.[0],
  );
  return (await found.jsonValue()) ?? NaN;
}

/** Waits until there was output, followed by half a second of silence. */
export async function soundEnds(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const last = window.probe.sound.findLast(([, loudness]) => loudness > 0.01)?.[0];
    return last !== undefined && performance.now() - last > 500;
  });
}

export async function probeOf(page: Page): Promise<Probe> {
  return page.evaluate(() => window.probe);
}

/** Waits until an element's text matches. @returns the text. */
export async function textOf(locator: Locator, pattern: RegExp): Promise<string> {
  await locator.filter({ hasText: pattern }).first().waitFor();
  return locator.first().innerText();
}

/** Waits until a recording of the page has lasted so many seconds, at most 9. A busy page may show not every second. */
export async function recordedFor(page: Page, seconds: number): Promise<void> {
  const orLater = new RegExp(`^(0:0[${seconds}-9]|0:[1-5]\\d|[1-9]\\d*:\\d\\d)$`);
  await textOf(page.getByRole('timer', { name: 'Elapsed' }), orLater);
}

/** Waits until the page has asked the service what it can do. Its header and its lists of languages grow by the answer. */
export async function serviceKnown(page: Page): Promise<void> {
  await page.locator('header button.engine').waitFor();
}

export async function openPlace(
  page: Page,
  place: 'Translate' | 'Interpreter' | 'Files' | 'Chat',
): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name: place }).click();
  await page.getByRole('region', { name: place, exact: true }).waitFor();
}

/** The history of Translate, the newest first. In a narrow window it is in a drawer. */
export function cards(page: Page): Locator {
  return page.getByRole('region', { name: 'Translate' }).locator('.history').getByRole('article');
}

/** The target pane of Translate. */
export function targetPane(page: Page): Locator {
  return page.getByRole('log', { name: 'Translation', exact: true });
}

/** Chooses a language in Translate, by its name. */
export async function chooseLanguage(page: Page, field: 'From' | 'To', language: string): Promise<void> {
  const view = page.getByRole('region', { name: 'Translate' });
  await view.getByRole('button', { name: new RegExp(`^${field}: `) }).click();
  await view.getByRole('combobox', { name: `${field}: search` }).fill(language);
  await view.getByRole('option', { name: language, exact: true }).click();
}

export async function translateText(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Text to translate' }).fill(text);
  await page.getByRole('button', { name: 'Translate', exact: true }).click();
}

/** Saves the download that `click` starts. */
export async function download(
  page: Page,
  click: () => Promise<void>,
): Promise<{ name: string; content: Buffer }> {
  const [saved] = await Promise.all([page.waitForEvent('download'), click()]);
  return { name: saved.suggestedFilename(), content: await readFile(await saved.path()) };
}

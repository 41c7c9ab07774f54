/** A real Chromium in front of the real service, and what a person would see and hear there. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { chromium, type Browser, type BrowserContextOptions, type Locator, type Page } from 'playwright-core';
import { wavAtRate } from '../support/wav.js';

const QUIET =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';
/** Flite's voices are recorded at this rate. */
const FLITE_HZ = 16_000;

/** Ends after it, said by the only voice that the offline engine understands well. */
export const SENTENCE = 'The weather is fine today.';
export const IN_SPANISH = /tiempo.* hoy/i;

/** What the browser's microphone hears: a WAV, again and again; nothing there; or nothing allowed. */
export type Microphone = { readonly wav: string } | 'missing' | 'refused';

/** @param hosts names that resolve to this machine but count as any foreign site, insecure without https. */
export async function launchBrowser(microphone: Microphone, hosts: readonly string[] = []): Promise<Browser> {
  const fake =
    typeof microphone === 'object'
      ? ['--use-fake-ui-for-media-stream', `--use-file-for-fake-audio-capture=${microphone.wav}`]
      : [];
  // What is refused must be there: Chromium looks for a device before it asks.
  if (microphone !== 'missing') fake.push('--use-fake-device-for-media-stream');
  const rules = hosts.map((host) => `MAP ${host} 127.0.0.1`).join(',');
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: [...QUIET.split(' '), ...fake, ...(rules === '' ? [] : [`--host-resolver-rules=${rules}`])],
  });
  if (microphone === 'missing' || microphone === 'refused') {
    const control = await browser.newBrowserCDPSession();
    const setting = microphone === 'missing' ? 'granted' : 'denied';
    await control.send('Browser.setPermission', { permission: { name: 'microphone' }, setting });
  }
  return browser;
}

/** A recording of a sentence between silences. @returns its path. */
export async function speak(
  text: string,
  { beforeMs = 800, afterMs = 8_000 }: { beforeMs?: number; afterMs?: number } = {},
): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'spoken-'));
  const spoken = path.join(folder, 'spoken.wav');
  await promisify(execFile)('flite', ['-voice', 'slt', '-t', text, '-o', spoken]);
  const pcm = (await readFile(spoken)).subarray(44);
  const silence = (ms: number) => Buffer.alloc((ms / 1000) * FLITE_HZ * 2);
  const file = path.join(folder, 'microphone.wav');
  await writeFile(file, wavAtRate(Buffer.concat([silence(beforeMs), pcm, silence(afterMs)]), FLITE_HZ));
  return file;
}

/** What a page heard and was told, by the clock of the page in milliseconds. */
interface Probe {
  /** Loudness (root mean square) of everything that went to the loudspeaker, every 10 ms or so. */
  readonly sound: [number, number][];
  /** Types of the events that came over WebSockets. */
  readonly events: [number, string][];
}

declare global {
  interface Window {
    probe: Probe;
  }
}

/** Runs in the page before its own code. */
function installProbe(): void {
  const probe: Probe = { sound: [], events: [] };
  window.probe = probe;
  const OriginalContext = AudioContext;
  // The page sends all that it plays through one volume of its own.
  window.AudioContext = class extends OriginalContext {
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
        probe.events.push([performance.now(), (JSON.parse(data) as { type: string }).type]);
      });
    }
  };
}

export interface Visit {
  readonly page: Page;
  /** Whatever the browser complained of, refused answers of the service aside. */
  readonly complaints: string[];
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
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    const expected = /Failed to load resource|WebSocket connection to/.test(message.text());
    if (['error', 'warning'].includes(message.type()) && !expected) complaints.push(message.text());
  });
  await page.goto(url);
  return { page, complaints, close: () => context.close() };
}

/** Waits for sound at the loudspeaker. @returns when it began. */
export async function soundBegins(page: Page): Promise<number> {
  const found = await page.waitForFunction(
    () => window.probe.sound.find(([, loudness]) => loudness > 0.01)?.[0],
  );
  return (await found.jsonValue()) ?? NaN;
}

/** Waits until the loudspeaker was heard and has been quiet for half a second. */
export async function soundEnds(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const last = window.probe.sound.findLast(([, loudness]) => loudness > 0.01)?.[0];
    return last !== undefined && performance.now() - last > 500;
  });
}

export async function probeOf(page: Page): Promise<Probe> {
  return page.evaluate(() => window.probe);
}

/** Waits until an element's text fits. @returns the text. */
export async function textOf(locator: Locator, pattern: RegExp): Promise<string> {
  await locator.filter({ hasText: pattern }).first().waitFor();
  return locator.first().innerText();
}

export async function go(page: Page, place: 'Translate' | 'Voice' | 'Text'): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name: place }).click();
  await page.getByRole('region', { name: place, exact: true }).waitFor();
}

/** The cards of the first place, the newest first. */
export function cards(page: Page): Locator {
  return page.getByRole('log', { name: 'Translations' }).getByRole('article');
}

export async function translateText(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Text to translate' }).fill(text);
  await page.getByRole('button', { name: 'Translate', exact: true }).click();
}

/** Saves what the click makes the browser download. */
export async function download(
  page: Page,
  click: () => Promise<void>,
): Promise<{ name: string; content: Buffer }> {
  const [saved] = await Promise.all([page.waitForEvent('download'), click()]);
  return { name: saved.suggestedFilename(), content: await readFile(await saved.path()) };
}

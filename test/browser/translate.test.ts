/** The translate view on the offline engine: speech and text in, Spanish text and speech out. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { startGateway, type Running } from '../support/gateway.js';
import {
  cards,
  download,
  IN_SPANISH,
  launchBrowser,
  SENTENCE,
  soundBegins,
  speak,
  textOf,
  translateText,
  visit,
  type Visit,
} from '../support/browser/browser.js';

let service: Running;
let browser: Browser;
let recording: string;
let visitor: Visit;
let page: Page;

beforeAll(async () => {
  recording = await speak(SENTENCE);
  [service, browser] = await Promise.all([startGateway(), launchBrowser({ wav: recording })]);
});
afterAll(async () => {
  await browser.close();
  await service.close();
});
beforeEach(async () => {
  visitor = await visit(browser, service.url);
  page = visitor.page;
});
afterEach(async () => {
  expect(visitor.browserErrors).toEqual([]);
  await visitor.close();
});

/** Runs in the page: the bytes of the newest recording in the history. */
async function readStoredRecording(): Promise<number[]> {
  const wait = <T>(request: IDBRequest<T>) =>
    new Promise<T>((resolve, reject) => {
      request.onsuccess = () => {
        resolve(request.result);
      };
      request.onerror = () => {
        reject(request.error ?? new Error('no reason given'));
      };
    });
  const database = await wait(indexedDB.open('realtime-translation'));
  const sounds = (await wait(database.transaction('sounds').objectStore('sounds').getAll())) as {
    blob: Blob;
  }[];
  database.close();
  const file = sounds.at(-1)?.blob;
  return file === undefined ? [] : [...new Uint8Array(await file.arrayBuffer())];
}

describe('a recording', () => {
  it('made with the microphone is translated, and the reply is played and can be downloaded', async () => {
    await page.getByRole('checkbox', { name: 'Spoken reply' }).check();
    await page.getByRole('button', { name: 'Record' }).click();
    await textOf(page.getByRole('timer', { name: 'Elapsed' }), /0:03/);
    expect(await page.getByRole('meter', { name: 'Input level' }).getAttribute('aria-valuenow')).toMatch(
      /^\d+$/,
    );
    await page.getByRole('button', { name: 'Stop and translate' }).click();

    await textOf(cards(page), IN_SPANISH);
    await soundBegins(page);
    const card = cards(page).first();
    await textOf(card, /Recording, 0:0[345]/);
    await card.getByRole('button', { name: 'Play the reply' }).waitFor();
    const { name, content } = await download(page, () =>
      card.getByRole('button', { name: 'Download the reply' }).click(),
    );
    expect(name).toMatch(/^reply-.*\.wav$/);
    expect(content.toString('latin1', 0, 4)).toBe('RIFF');
    expect(content.readUInt32LE(24)).toBe(24_000);
    expect(content.length).toBeGreaterThan(24_000);
  });

  it('is stored as it was uploaded: PCM16 at 24 kHz, which needs no transcoding', async () => {
    await page.getByRole('button', { name: 'Record' }).click();
    await textOf(page.getByRole('timer', { name: 'Elapsed' }), /0:03/);
    await page.getByRole('button', { name: 'Stop and translate' }).click();
    await textOf(cards(page), IN_SPANISH);
    await page.reload();
    await textOf(cards(page), IN_SPANISH);
    const wav = Buffer.from(await page.evaluate(readStoredRecording));
    expect(wav.toString('latin1', 0, 4)).toBe('RIFF');
    // Format, channels, rate, bits; then that it holds what was recorded.
    expect([wav.readUInt16LE(20), wav.readUInt16LE(22), wav.readUInt32LE(24), wav.readUInt16LE(34)]).toEqual([
      1, 1, 24_000, 16,
    ]);
    expect(wav.length / 48_000).toBeGreaterThan(3);
  });

  it('is played again, original and reply, one at a time', async () => {
    await page.getByRole('checkbox', { name: 'Spoken reply' }).check();
    await page.getByLabel('Choose a file').setInputFiles(recording);
    await textOf(cards(page), IN_SPANISH);
    const card = cards(page).first();
    await card.getByRole('button', { name: 'Play the original' }).click();
    await card.getByRole('button', { name: 'Stop playing' }).waitFor();
    await card.getByRole('button', { name: 'Play the reply' }).click();
    await card.getByRole('button', { name: 'Play the original' }).waitFor();
    await card.getByRole('button', { name: 'Stop playing' }).waitFor();
    await card.getByRole('button', { name: 'Play the reply' }).waitFor();
  });

  it('and another right after it are spoken one after the other, and then playback ends', async () => {
    await page.getByRole('checkbox', { name: 'Spoken reply' }).check();
    await translateText(page, 'Good morning, my friend');
    await translateText(page, 'Thank you');
    await cards(page).getByRole('button', { name: 'Stop playing' }).first().waitFor();
    await cards(page).getByRole('button', { name: 'Play the reply' }).nth(1).waitFor();
    await soundBegins(page);
  });

  it('dropped as a file is translated under its name', async () => {
    const bytes = [...(await readFile(recording))];
    const dropped = await page.evaluateHandle((content) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(content)], 'weather.wav', { type: 'audio/wav' }));
      return transfer;
    }, bytes);
    const target = page.getByRole('textbox', { name: 'Text to translate' });
    await target.dispatchEvent('dragover', { dataTransfer: dropped });
    await page.getByText('Drop the files to open them in Translate').waitFor();
    await target.dispatchEvent('drop', { dataTransfer: dropped });
    await textOf(cards(page), /weather\.wav/);
    await textOf(cards(page), IN_SPANISH);
  });

  it('can be discarded, and nothing is sent', async () => {
    await page.getByRole('button', { name: 'Record' }).click();
    await page.getByRole('button', { name: 'Discard' }).click();
    await page.getByRole('button', { name: 'Record' }).waitFor();
    expect(await cards(page).count()).toBe(0);
  });

  it('that is not audio is rejected in a sentence, and can be removed', async () => {
    await page.getByLabel('Choose a file').setInputFiles({
      name: 'letter.mp3',
      mimeType: 'audio/mpeg',
      buffer: Buffer.from('Dear reader, '.repeat(99)),
    });
    await textOf(page.getByRole('alert'), /not a recording that the service can read/);
    await cards(page).getByRole('button', { name: 'Remove' }).click();
    await page.getByText('Translations appear here').waitFor();
  });

  it('in a language that is not understood is prevented', async () => {
    await page.getByRole('combobox', { name: 'From' }).selectOption('es');
    await page.getByText('This service understands speech in English only').waitFor();
    expect(await page.getByRole('button', { name: 'Record' }).isDisabled()).toBe(true);
    await page.getByRole('combobox', { name: 'From' }).selectOption('en');
    expect(await page.getByRole('button', { name: 'Record' }).isEnabled()).toBe(true);
  });
});

describe('languages', () => {
  it('are those that the engine supports, and can be swapped', async () => {
    await page.getByRole('combobox', { name: 'From' }).selectOption('en');
    await page.getByRole('combobox', { name: 'To' }).selectOption('es');
    await page.getByRole('button', { name: 'Swap languages' }).click();
    expect(await page.getByRole('combobox', { name: 'From' }).inputValue()).toBe('es');
    await translateText(page, 'Buenos días');
    await textOf(cards(page), /Good morning/i);
  });
});

describe('the session', () => {
  it('is shared by translations with the same options, and ends when a new one is requested', async () => {
    await translateText(page, 'Good morning');
    await textOf(cards(page), /Buenos días/);
    const connectId = await page.getByRole('region', { name: 'Translate' }).locator('code').innerText();
    expect(connectId).toMatch(/^[\da-f]{32}$/);
    await translateText(page, 'Thank you');
    await textOf(cards(page), /Gracias/);
    const known = (await (await fetch(`${service.url}/api/realtime/sessions/${connectId}`)).json()) as {
      requests: number;
    };
    expect(known.requests).toBe(2);

    const ended = page.waitForResponse((response) => response.request().method() === 'DELETE');
    await page.getByRole('button', { name: 'New session' }).click();
    expect((await ended).status()).toBe(204);
    await page.getByText('Begins with the first translation').waitFor();
  });

  it('is kept over a reload, and replaced when it has ended in the meantime', async () => {
    await translateText(page, 'Good morning');
    await textOf(cards(page), /Buenos días/);
    const code = page.getByRole('region', { name: 'Translate' }).locator('code');
    const connectId = await code.innerText();
    await page.reload();
    expect(await code.innerText()).toBe(connectId);
    await fetch(`${service.url}/api/realtime/sessions/${connectId}`, { method: 'DELETE' });
    await translateText(page, 'Thank you');
    await textOf(cards(page), /Gracias/);
    expect(await code.innerText()).not.toBe(connectId);
  });
});

describe('the history', () => {
  it('is kept over a reload, is exported as text and as JSON, and is cleared after a confirmation', async () => {
    await translateText(page, 'Good morning');
    await textOf(cards(page), /Buenos días/);
    await page.getByLabel('Choose a file').setInputFiles(recording);
    await textOf(cards(page), IN_SPANISH);
    await page.reload();
    await textOf(cards(page).nth(1), /Good morning.*Buenos días/);
    await cards(page).first().getByRole('button', { name: 'Play the original' }).waitFor();

    const json = await download(page, () => page.getByRole('button', { name: 'Export as JSON' }).click());
    expect(JSON.parse(json.content.toString())).toMatchObject([
      { original: 'Good morning', translation: 'Buenos días', target: 'es' },
      { recording: 'microphone.wav' },
    ]);
    const text = await download(page, () => page.getByRole('button', { name: 'Export as text' }).click());
    expect(text.name).toMatch(/^translations-[\d-]+\.txt$/);
    expect(text.content.toString()).toContain('Good morning\nBuenos días');

    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByText('Clear everything here?').waitFor();
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByText('Translations appear here').waitFor();
    await page.reload();
    await page.getByText('Translations appear here').waitFor();
  });
});

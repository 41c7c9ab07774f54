/** Translate on the offline engine: two panes that stay, a recording or a text in, its translation and its speech out. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { startGateway, type Running } from '../support/gateway.js';
import { allDone, storedRecords } from '../support/browser/stored.js';
import {
  cards,
  chooseLanguage,
  download,
  IN_SPANISH,
  launchBrowser,
  recordedFor,
  SENTENCE,
  serviceKnown,
  soundBegins,
  speak,
  targetPane,
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
  await field().waitFor();
  // Whether typing translates depends on the engine: a box that is unchecked before is checked by the answer.
  await serviceKnown(page);
});
afterEach(async () => {
  expect(visitor.browserErrors).toEqual([]);
  await visitor.close();
});

const field = () => page.getByRole('textbox', { name: 'Text to translate' });
const result = () => targetPane(page).locator('.result');

/** The newest recording in the history. It leaves the page in base64, for an array takes minutes on a busy machine. */
async function readStoredRecording(): Promise<Buffer> {
  const sounds = await storedRecords<{ blob: Blob }>(page, 'sounds');
  const base64 = await sounds.evaluate(async (all) => {
    const file = all.at(-1)?.blob;
    if (file === undefined) return '';
    const reader = new FileReader();
    await new Promise((resolve) => {
      reader.onload = resolve;
      reader.readAsDataURL(file);
    });
    return typeof reader.result === 'string' ? reader.result.replace(/^.*,/, '') : '';
  });
  return Buffer.from(base64, 'base64');
}

describe('a text', () => {
  it('is translated while it is typed, stays in the field, and is one entry of the history', async () => {
    await field().pressSequentially('Good morning', { delay: 20 });
    await textOf(result(), /^Buenos días$/);
    await field().pressSequentially(', my friend', { delay: 20 });
    await textOf(result(), /^Buenos días, mi amigo$/);
    expect(await field().inputValue()).toBe('Good morning, my friend');
    expect(await cards(page).count()).toBe(1);
  });

  it('and its translation are still there after a reload', async () => {
    await translateText(page, 'Good morning');
    await textOf(result(), /^Buenos días$/);
    await allDone(page, 1);
    await page.reload();
    await textOf(result(), /^Buenos días$/);
    expect(await field().inputValue()).toBe('Good morning');
  });

  it('waits for the button where typing does not translate', async () => {
    await page.getByRole('checkbox', { name: 'Translate as you type' }).uncheck();
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    await field().pressSequentially('Good morning');
    await page.waitForTimeout(700); // longer than the pause that would translate
    expect(requests.filter((url) => url.endsWith('/translate'))).toEqual([]);
    await page.keyboard.press('Control+Enter');
    await textOf(result(), /^Buenos días$/);
  });

  it('is heard when asked for, and can be stopped', async () => {
    // Long enough to be still heard when a busy browser comes to stop it.
    await translateText(page, 'Good morning, my friend. The weather is beautiful today. '.repeat(6));
    await textOf(result(), /Buenos días/);
    await page.getByRole('button', { name: 'Play the translation' }).click();
    await soundBegins(page);
    await page.getByRole('button', { name: 'Stop playing' }).click();
    await page.getByRole('button', { name: 'Play the translation' }).waitFor();
    expect(await cards(page).count()).toBe(1);
  });

  it('of 15 000 characters scrolls inside its pane, with every button in the window', async () => {
    const sentence = 'The red house has a big garden. ';
    await page.getByRole('checkbox', { name: 'Translate as you type' }).uncheck();
    await field().fill(sentence.repeat(15_000 / sentence.length));
    await page.getByText('14 976 / 20 000').waitFor();
    await page.getByRole('button', { name: 'Translate', exact: true }).click();
    await page.getByRole('button', { name: 'Play the translation' }).waitFor({ timeout: 60_000 });
    for (const name of ['Translate', 'Copy the translation', 'As code']) {
      const box = await page.getByRole('button', { name, exact: true }).boundingBox();
      expect(box?.y).toBeGreaterThan(0);
      expect(box?.y).toBeLessThan(760);
    }
    const { scrollHeight, clientHeight } = await targetPane(page).evaluate((pane) => ({
      scrollHeight: pane.scrollHeight,
      clientHeight: pane.clientHeight,
    }));
    expect(scrollHeight).toBeGreaterThan(4 * clientHeight);
  });

  it('beyond the limit says how much of it is too much', async () => {
    await field().fill('a'.repeat(20_001));
    await page.getByText('Too long: 1 over the limit. Shorten the text, or translate it in parts.').waitFor();
    expect(await page.getByRole('button', { name: 'Translate', exact: true }).isDisabled()).toBe(true);
  });

  it('comes with a shared link, with its languages', async () => {
    await page.goto(`${service.url}/#/translate?text=Good+morning&source=en&target=fr`);
    await textOf(result(), /Bonjour/);
    expect(await field().inputValue()).toBe('Good morning');
    expect(page.url()).toBe(`${service.url}/#/translate`);
  });
});

describe('a recording', () => {
  it('made with the microphone is translated, with what was heard, and is heard itself', async () => {
    await page.getByRole('checkbox', { name: 'Spoken reply' }).check();
    await page.getByRole('button', { name: 'Record' }).click();
    await recordedFor(page, 3);
    expect(await page.getByRole('meter', { name: 'Input level' }).getAttribute('aria-valuenow')).toMatch(
      /^\d+$/,
    );
    await page.getByRole('button', { name: 'Stop and translate' }).click();

    await textOf(result(), IN_SPANISH);
    await soundBegins(page);
    await textOf(page.getByRole('group', { name: 'What was heard' }), /weather is fine today/i);
    await page
      .getByText(/Recording, 0:(0[3-9]|[1-5]\d)/)
      .first()
      .waitFor();
    const { name, content } = await download(page, () =>
      page.getByRole('button', { name: 'Download the reply' }).click(),
    );
    expect(name).toMatch(/^reply-.*\.wav$/);
    expect(content.toString('latin1', 0, 4)).toBe('RIFF');
    expect(content.readUInt32LE(24)).toBe(24_000);
    expect(content.length).toBeGreaterThan(24_000);
  });

  it('is stored as it was uploaded: PCM16 at 24 kHz, which needs no transcoding', async () => {
    await page.getByRole('button', { name: 'Record' }).click();
    await recordedFor(page, 3);
    await page.getByRole('button', { name: 'Stop and translate' }).click();
    await textOf(result(), IN_SPANISH);
    await allDone(page, 1);
    await page.reload();
    await textOf(result(), IN_SPANISH);
    const wav = await readStoredRecording();
    expect(wav.toString('latin1', 0, 4)).toBe('RIFF');
    // Format, channels, rate, bits; then that it holds what was recorded.
    expect([wav.readUInt16LE(20), wav.readUInt16LE(22), wav.readUInt32LE(24), wav.readUInt16LE(34)]).toEqual([
      1, 1, 24_000, 16,
    ]);
    expect(wav.length / 48_000).toBeGreaterThan(3);
  });

  it('has a waveform, in which it is sought, played and paused', async () => {
    await page.getByLabel('Choose a file').setInputFiles(recording);
    await textOf(result(), IN_SPANISH);
    await page.locator('.waveform canvas').first().waitFor();
    const position = page.getByRole('slider', { name: 'Position' });
    await position.focus();
    await position.fill('5');
    await page.getByText(/^0:05 \/ 0:1\d$/).waitFor();
    await page.getByRole('button', { name: 'Play the original' }).click();
    await page.getByText(/^0:(0[6-9]|1\d) \/ 0:1\d$/).waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Play the original' }).waitFor();
  });

  it('of two sentences shows a line for each, of what was heard and of its translation', async () => {
    const sentences = ['The weather is fine today.', 'We have two dogs and three cats.'];
    await page.getByLabel('Choose a file').setInputFiles(await speak(sentences, { afterMs: 500 }));
    await textOf(result(), /tiempo[^\n]* hoy\.\n[^\n]*dos perros/i);
    await textOf(page.getByRole('group', { name: 'What was heard' }), /today\.\n[^\n]*two dogs/i);
    expect(await cards(page).count()).toBe(1);
  });

  it('dropped as a file is translated under its name', async () => {
    const dropped = await page.evaluateHandle(
      (base64) => {
        const transfer = new DataTransfer();
        const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
        transfer.items.add(new File([bytes], 'weather.wav', { type: 'audio/wav' }));
        return transfer;
      },
      await readFile(recording, 'base64'),
    );
    await field().dispatchEvent('dragover', { dataTransfer: dropped });
    await page.getByText('Drop the files to open them in Translate').waitFor();
    await field().dispatchEvent('drop', { dataTransfer: dropped });
    await textOf(cards(page), /weather\.wav/);
    await textOf(result(), IN_SPANISH);
  });

  it('lasts as long as Space is held outside of the field', async () => {
    await page.keyboard.down('Space');
    await recordedFor(page, 3);
    await page.keyboard.up('Space');
    await textOf(result(), IN_SPANISH);
    expect(await page.evaluate(() => scrollY)).toBe(0);
  });

  it('can be discarded, and nothing is sent', async () => {
    await page.getByRole('button', { name: 'Record' }).click();
    await page.getByRole('button', { name: 'Discard' }).click();
    await page.getByRole('button', { name: 'Record' }).waitFor();
    expect(await cards(page).count()).toBe(0);
  });

  it('that is not audio is rejected in a sentence', async () => {
    await page.getByLabel('Choose a file').setInputFiles({
      name: 'letter.mp3',
      mimeType: 'audio/mpeg',
      buffer: Buffer.from('Dear reader, '.repeat(99)),
    });
    await textOf(page.getByRole('alert'), /not a recording that the service can read/);
    await page.getByRole('button', { name: 'Clear the field' }).click();
    expect(await page.locator(':focus').getAttribute('aria-label')).toBe('Text to translate');
  });

  it('in a language that is not understood is prevented', async () => {
    await chooseLanguage(page, 'From', 'Spanish');
    await page.getByText('This service understands speech in English only').waitFor();
    expect(await page.getByRole('button', { name: 'Record' }).isDisabled()).toBe(true);
    await chooseLanguage(page, 'From', 'English');
    expect(await page.getByRole('button', { name: 'Record' }).isEnabled()).toBe(true);
  });
});

describe('languages', () => {
  it('are those that the engine supports, and a swap carries the texts along', async () => {
    await chooseLanguage(page, 'From', 'English');
    await translateText(page, 'Good morning');
    await textOf(result(), /^Buenos días$/);
    await page.keyboard.press('Alt+s');
    await page.getByRole('button', { name: 'From: Spanish' }).waitFor();
    expect(await field().inputValue()).toBe('Buenos días');
    await textOf(result(), /Good morning/i);
  });

  it('that are detected are named, and taken over by one click', async () => {
    await translateText(page, 'Good morning, my friend. The weather is beautiful today.');
    await page.getByTitle('Detected. Always translate from this language').click();
    await page.getByRole('button', { name: 'From: English' }).waitFor();
  });

  it('are found by a part of their name, and the one used last is on top', async () => {
    await chooseLanguage(page, 'To', 'French');
    await page.getByRole('button', { name: 'To: French' }).click();
    await page.keyboard.type('por');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'To: Portuguese' }).click();
    const shown = page.getByRole('listbox', { name: 'To' }).getByRole('option');
    expect((await shown.allInnerTexts()).slice(0, 2)).toEqual(['Portuguese', 'French']);
  });

  it('that are chosen anew translate the text again', async () => {
    await translateText(page, 'Good morning');
    await textOf(result(), /^Buenos días$/);
    await chooseLanguage(page, 'To', 'French');
    await textOf(result(), /Bonjour/);
  });
});

describe('the keyboard', () => {
  it('reaches the field by / from everywhere', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('yes/no');
    expect(await field().inputValue()).toBe('yes/no');
  });
});

describe('a prompt', () => {
  it('that is remembered says so, and that the offline engine ignores it', async () => {
    await page.getByText('More options').click();
    await page.getByRole('textbox', { name: 'Prompt' }).fill('Answer in rhymes');
    await page.reload();
    await page.getByText('The offline engine ignores your prompt.').waitFor();
    await page.getByRole('button', { name: 'Remove the prompt' }).click();
    await page.getByText('The offline engine ignores your prompt.').waitFor({ state: 'detached' });
  });
});

describe('the session', () => {
  const code = () => page.getByRole('region', { name: 'Translate' }).locator('.session code');

  it('is shared by translations with the same options, and ends when a new one is requested', async () => {
    await page.getByText('More options').click();
    await translateText(page, 'Good morning');
    await textOf(result(), /Buenos días/);
    const connectId = await code().innerText();
    expect(connectId).toMatch(/^[\da-f]{32}$/);
    await translateText(page, 'Thank you');
    await textOf(result(), /Gracias/);
    expect(await code().innerText()).toBe(connectId);
    const ended = page.waitForResponse((response) => response.request().method() === 'DELETE');
    await page.getByRole('button', { name: 'New session' }).click();
    expect((await ended).status()).toBe(204);
    await page.getByText('Begins with the first translation').waitFor();
  });

  it('is kept over a reload, and replaced when it has ended in the meantime', async () => {
    await translateText(page, 'Good morning');
    await textOf(result(), /Buenos días/);
    await page.reload();
    await page.getByText('More options').click();
    const connectId = await code().innerText();
    await fetch(`${service.url}/api/realtime/sessions/${connectId}`, { method: 'DELETE' });
    await translateText(page, 'Thank you');
    await textOf(result(), /Gracias/);
    expect(await code().innerText()).not.toBe(connectId);
  });
});

describe('the history', () => {
  const open = (name: string) => cards(page).getByRole('button', { name }).first();

  it('is kept, searched, pinned and opened again in the panes', async () => {
    await translateText(page, 'Good morning');
    await textOf(result(), /Buenos días/);
    await translateText(page, 'Thank you');
    await textOf(result(), /Gracias/);
    await allDone(page, 2);
    await page.reload();
    await textOf(cards(page).nth(1), /Good morning.*Buenos días/);
    await cards(page).nth(1).getByRole('button', { name: 'Pin' }).click();
    await textOf(cards(page).nth(0), /Good morning/);
    await page.getByRole('searchbox', { name: 'Search the history' }).fill('gracias');
    await cards(page).nth(1).waitFor({ state: 'detached' });
    await open('Thank you').click();
    await textOf(result(), /Gracias/);
    await page.getByRole('searchbox', { name: 'Search the history' }).fill('buenos dias');
    await open('Good morning').click();
    expect(await field().inputValue()).toBe('Good morning');
    await textOf(result(), /Buenos días/);
    expect(await cards(page).count()).toBe(1);
  });

  it('loses an entry on request, and the focus goes to the next one', async () => {
    for (const [text, translation] of [
      ['Good morning', /Buenos días/],
      ['Thank you', /Gracias/],
    ] as const) {
      await translateText(page, text);
      await textOf(result(), translation);
    }
    await cards(page).nth(0).getByRole('button', { name: 'Remove' }).click();
    await cards(page).nth(1).waitFor({ state: 'detached' });
    expect(await page.locator(':focus').getAttribute('aria-label')).toBe('Remove');
  });

  it('is exported as text, Markdown and JSON, and is cleared after a confirmation but for what is pinned', async () => {
    await translateText(page, 'Good morning');
    await textOf(result(), /Buenos días/);
    await page.getByLabel('Choose a file').setInputFiles(recording);
    await textOf(result(), IN_SPANISH);
    const save = (format: string) =>
      download(page, () => page.getByRole('button', { name: `Export as ${format}` }).click());
    const json = await save('json');
    expect(JSON.parse(json.content.toString())).toMatchObject([
      { original: 'Good morning', translation: 'Buenos días', target: 'es' },
      { recording: 'microphone.wav', transcript: expect.stringMatching(/weather/i) },
    ]);
    const text = await save('txt');
    expect(text.name).toMatch(/^translations-[\d-]+\.txt$/);
    expect(text.content.toString()).toContain('Good morning\nBuenos días');
    expect((await save('md')).content.toString()).toMatch(
      /^# Translations\n\n## .*Spanish\n\n> Good morning\n\nBuenos días\n/,
    );

    await cards(page).nth(1).getByRole('button', { name: 'Pin' }).click();
    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    await page.getByText('Clear everything here?').waitFor();
    const removed = page.evaluate(
      () =>
        new Promise<void>((resolve) => {
          new BroadcastChannel('items').onmessage = ({ data }: MessageEvent<{ type: string }>) => {
            if (data.type === 'removed') resolve();
          };
        }),
    );
    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    await removed;
    await page.reload();
    await textOf(cards(page), /Good morning/);
    expect(await cards(page).count()).toBe(1);
  });
});

describe('the code of a request', () => {
  it('is a request that the service answers as the page shows', async () => {
    await chooseLanguage(page, 'From', 'English');
    await translateText(page, "It's a red house");
    await textOf(result(), /casa roja/);
    await page.getByRole('button', { name: 'As code' }).click();
    const dialog = page.getByRole('dialog', { name: 'As code' });
    await textOf(dialog.getByLabel('Answer'), /casa roja/);
    await dialog.getByRole('button', { name: 'JavaScript' }).click();
    const code = await dialog.getByLabel('JavaScript', { exact: true }).innerText();
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code]);
    expect(stdout).toMatch(/casa roja/);
    expect(await dialog.getByRole('link', { name: 'API documentation' }).getAttribute('href')).toBe('/docs');
  });
});

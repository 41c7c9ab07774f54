/** The page before a service whose engine is made of parts over HTTP: what it says of them, and a call through them. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { startBeforeScript, startGateway, type Running } from '../support/gateway.js';
import { startCascade } from '../support/parts/cascade.js';
import { startOllama } from '../support/parts/chat.js';
import { startSpeachesStt } from '../support/parts/stt.js';
import { startKokoro } from '../support/parts/tts.js';
import { axeFindings } from '../support/browser/axe.js';
import {
  launchBrowser,
  openPlace,
  SENTENCE,
  soundBegins,
  speak,
  textOf,
  translateText,
  visit,
  withoutErrors,
} from '../support/browser/browser.js';
import { closingAfterEachTest } from '../support/close-after-test.js';

const WHISPER = 'Systran/faster-whisper-small';
const HEARD = 'The weather is fine today.';
let service: Running;
let browser: Browser;
const closeAfterTest = closingAfterEachTest();

beforeAll(async () => {
  const [stt, translator, tts] = await Promise.all([
    startSpeachesStt(() => HEARD),
    startOllama({ pieceMs: 2 }),
    startKokoro(),
  ]);
  const env = { STT_MODEL: WHISPER, TRANSLATOR_MODEL: 'gemma3:4b', TTS_VOICES: 'en=af_heart,es=ef_dora' };
  [service, browser] = await Promise.all([
    startCascade({ stt, translator, tts }, env),
    speak(SENTENCE, { afterMs: 60_000 }).then((wav) => launchBrowser({ wav })),
  ]);
});
afterAll(async () => {
  await browser.close();
  await service.close();
});

async function open(url: string, options: BrowserContextOptions = {}): Promise<Page> {
  const visitor = await visit(browser, url, options);
  closeAfterTest(withoutErrors(visitor));
  return visitor.page;
}

describe('about the engine', () => {
  it.each([
    [
      'en',
      /About the engine/,
      /Hears\s*own server · Systran.*?Translates\s*own server · gemma3:4b/,
      /to the servers/,
    ],
    ['zh-CN', /关于引擎/, /识别\s*自有服务器 · Systran.*?翻译\s*自有服务器 · gemma3:4b/, /设置的服务器/],
    ['zh-TW', /關於引擎/, /辨識\s*自有伺服器 · Systran.*?翻譯\s*自有伺服器 · gemma3:4b/, /設定的伺服器/],
  ])(
    'stands which server and model does each step, and where words go: %s',
    async (locale, name, steps, goes) => {
      const page = await open(service.url, { locale, bypassCSP: true });
      await page.getByRole('button', { name }).click();
      const about = page.getByRole('dialog', { name });
      expect(await textOf(about, steps)).toMatch(goes);
      expect(await axeFindings(page)).toEqual([]);
    },
  );

  it('stands which step is built in, and which speech alone is understood', async () => {
    const mixed = await startCascade({ translator: await startOllama() }, { TRANSLATOR_MODEL: 'gemma3:4b' });
    closeAfterTest(mixed);
    const page = await open(mixed.url);
    await page.getByRole('button', { name: /Own models.*About the engine/ }).click();
    const about = page.getByRole('dialog', { name: 'About the engine' });
    const words = await textOf(about, /Hears\s*built in\s*Translates\s*own server/);
    expect(words).toMatch(/understands speech in English only/);
    expect(words).toMatch(/Up to \d+ translations run at a time/);
  });

  it('of the offline engine says that words go no further', async () => {
    const offline = await startGateway();
    closeAfterTest(offline);
    const page = await open(offline.url);
    await page.getByRole('button', { name: /Offline.*About the engine/ }).click();
    const about = page.getByRole('dialog', { name: 'About the engine' });
    expect(await textOf(about, /goes to this service and no further/)).toMatch(/speech in English only/);
  });
});

it('a service that hears no recordings says so where one would record, and translates what is typed', async () => {
  const deaf = await startBeforeScript();
  closeAfterTest(deaf);
  const page = await open('about:blank');
  // No provider of this machine is deaf, so its answer is made here; the rest is the service's own.
  await page.route('**/api/capabilities', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...((await response.json()) as object), speechSources: [] } });
  });
  await page.goto(deaf.url);
  await page
    .getByRole('region', { name: 'Translate' })
    .getByText('This service cannot hear recordings. Type the text instead.')
    .waitFor();
  expect(await page.getByRole('button', { name: 'Record' }).isDisabled()).toBe(true);
  await translateText(page, 'typed');
  await textOf(page.getByRole('log', { name: 'Translation', exact: true }), /typed/);
  await openPlace(page, 'Interpreter');
  expect(await page.getByRole('combobox', { name: 'From' }).getByRole('option').count()).toBeGreaterThan(40);
});

it('a call is heard, transcribed, translated and answered in sound by the parts', async () => {
  const page = await open(service.url);
  await openPlace(page, 'Interpreter');
  await page.getByRole('combobox', { name: 'From' }).selectOption('en');
  await page.getByRole('combobox', { name: 'To' }).selectOption('es');
  await page.getByRole('button', { name: 'Start the call' }).click();
  await textOf(
    page.getByRole('log', { name: 'What was said' }).getByRole('article'),
    /weather is fine today/,
  );
  await textOf(
    page.getByRole('log', { name: 'What is heard' }).getByRole('article'),
    /THE WEATHER IS FINE TODAY/,
  );
  await soundBegins(page);
  await page.getByRole('button', { name: 'Hang up' }).click();
  await page.getByRole('button', { name: 'Start the call' }).waitFor();
  expect(await page.getByRole('alert').count()).toBe(0);
});

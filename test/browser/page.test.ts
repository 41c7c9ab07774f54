/** The page as a whole: what it loads, themes, languages, and accessibility. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { startGateway, type Running } from '../support/gateway.js';
import { axeFindings } from '../support/browser/axe.js';
import {
  cards,
  targetPane,
  openPlace,
  IN_SPANISH,
  recordedFor,
  SENTENCE,
  speak,
  textOf,
  translateText,
} from '../support/browser/browser.js';
import { until } from '../support/until.js';
import { Shared } from '../support/browser/shared.js';

/** Limit of the compressed bytes of a first visit. */
const FIRST_LOAD_BYTES = 100_000;

const shared = new Shared(async () => ({ wav: await speak(SENTENCE) }), ['translate.example']);

const open = (options?: BrowserContextOptions, address?: string): Promise<Page> =>
  shared.open(address, options);

describe('the first load', () => {
  it(`is under ${FIRST_LOAD_BYTES / 1000} kB, and all of it comes from the service`, async () => {
    const context = shared.closeAfterTest(await shared.browser.newContext());
    const page = await context.newPage();
    const network = await context.newCDPSession(page);
    await network.send('Network.enable');
    // Held back: what is fetched half a second later, which may be before a busy machine comes to count.
    await page.route(/assets\/(HistoryList|RecordingPanel|Sheet|ShareMenu|SoundPlayer)-/, () => undefined);
    let bytes = 0;
    network.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
    const addresses: string[] = [];
    page.on('request', (request) => addresses.push(request.url()));
    await page.goto(shared.service.url);
    await page.getByRole('button', { name: 'To: ' }).waitFor();
    expect(addresses.filter((address) => !address.startsWith(shared.service.url))).toEqual([]);
    expect(addresses.length).toBeGreaterThan(2);
    await until('what was loaded is counted', () => bytes > 20_000);
    expect(bytes).toBeLessThan(FIRST_LOAD_BYTES);
  });

  it('may not run inline scripts or styles', async () => {
    const page = await open();
    const policy = (await fetch(shared.service.url)).headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/script-src 'self'(;|$)/);
    expect(policy).toMatch(/style-src 'self' 'sha256-[\w+/]+='(;|$)/);
    expect(policy).not.toContain('unsafe');
    expect(await page.locator('script:not([src]), style, [style*="url"]').count()).toBe(0);
  });
});

describe('the page’s language', () => {
  it.each([
    ['zh-CN', 'zh-Hans', '翻译', '翻译 – 实时翻译'],
    ['zh-TW', 'zh-Hant', '翻譯', '翻譯 – 即時翻譯'],
    ['fr-FR', 'en', 'Translate', 'Translate – Realtime Translation'],
  ])('follows a browser that prefers %s', async (locale, lang, heading, title) => {
    const page = await open({ locale });
    await page.getByRole('heading', { name: heading, level: 1 }).waitFor({ state: 'attached' });
    expect(await page.locator('html').getAttribute('lang')).toBe(lang);
    expect(await page.title()).toBe(title);
  });

  it('changes immediately everywhere, including names of languages and errors, and is kept over a reload', async () => {
    const page = await open();
    await page.getByRole('button', { name: 'Record' }).waitFor();
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByRole('combobox', { name: 'Language of this page' }).selectOption('zh-Hans');
    await page.getByRole('button', { name: '关闭' }).click();
    await page.getByRole('button', { name: '录音' }).waitFor();
    await page.getByRole('button', { name: '目标语言: 西班牙语' }).waitFor();
    // The parts that are fetched once the page is idle.
    await page.waitForLoadState('networkidle');
    await page.waitForFunction(() =>
      performance.getEntriesByType('resource').some(({ name }) => /HistoryList.*css/.test(name)),
    );
    await page.context().setOffline(true);
    await page.getByRole('textbox', { name: '要翻译的文字' }).fill('你好');
    await page.getByRole('button', { name: '翻译', exact: true }).click();
    await textOf(page.getByRole('alert'), /此设备已离线。请检查网络后重试。/);
    await page.context().setOffline(false);
    await page.getByRole('button', { name: '设置' }).click();
    await page.getByRole('combobox', { name: '界面语言' }).selectOption('zh-Hant');
    await page.keyboard.press('Escape');
    await textOf(page.getByRole('alert'), /此裝置已離線/);
    await page.reload();
    await page.getByRole('button', { name: '錄音' }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-Hant');
  });

  it('other than English is there before anything of the page is shown, in every place', async () => {
    const page = await open({ locale: 'zh-CN' }, '/health');
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    await page.route(/all-zh-hans/, async (route) => {
      await released;
      await route.continue();
    });
    await page.addInitScript(() => {
      const seen = new Set<string>();
      Object.assign(window, { seen });
      new MutationObserver(() => {
        if (document.body as HTMLElement | null) seen.add(document.body.innerText);
      }).observe(document, { subtree: true, childList: true, characterData: true });
    });
    const requested = page.waitForRequest(/all-zh-hans/);
    await page.goto(`${shared.service.url}/#/files`, { waitUntil: 'commit' });
    await requested;
    await page.waitForFunction(() => document.styleSheets.length > 0);
    expect(await page.locator('#app').innerHTML()).toBe('');
    release();
    await page.getByText('将影片和录音拖放到此处').waitFor();
    await page.getByRole('button', { name: '设置' }).click();
    await page.getByRole('heading', { name: '界面语言' }).waitFor();
    const seen = await page.evaluate(() => [...(window as unknown as { seen: Set<string> }).seen].join('\n'));
    expect(seen).toContain('将影片和录音拖放到此处');
    expect(seen).not.toMatch(/Drop films|Nothing here|Loading|Settings|Translate/);
  });
});

describe('light and dark', () => {
  const lightness = (page: Page) =>
    page.evaluate(() => {
      const [red = 0, green = 0, blue = 0] =
        getComputedStyle(document.documentElement).backgroundColor.match(/\d+/g) ?? [];
      return (Number(red) + Number(green) + Number(blue)) / 765;
    });

  it('follow the system until one is chosen, which is kept over a reload', async () => {
    const page = await open({ colorScheme: 'dark' });
    const appearance = (name: string) => page.getByRole('radio', { name });
    expect(await lightness(page)).toBeLessThan(0.2);
    await page.emulateMedia({ colorScheme: 'light' });
    expect(await lightness(page)).toBeGreaterThan(0.8);
    await page.getByRole('button', { name: 'Settings' }).click();
    await appearance('Dark').check();
    expect(await lightness(page)).toBeLessThan(0.2);
    await page.reload();
    expect(await lightness(page)).toBeLessThan(0.2);
    await page.getByRole('button', { name: 'Settings' }).click();
    expect(await appearance('Dark').isChecked()).toBe(true);
  });
});

describe('every place', () => {
  async function fill(page: Page): Promise<void> {
    await translateText(page, 'Good morning');
    await textOf(targetPane(page), /Good morning/);
    await openPlace(page, 'Chat');
    await page
      .getByRole('textbox', { name: 'Write a message' })
      .fill('# Title\n\n- a [link](https://example.org)\n\n`code`');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Title' }).waitFor();
    await openPlace(page, 'Interpreter');
    await page.getByRole('button', { name: 'Start the call' }).click();
    await page.getByRole('textbox', { name: 'Or type here' }).fill('hello');
    await page.keyboard.press('Enter');
    await textOf(page.getByRole('log', { name: 'What is heard' }), /hello/);
  }

  it.each([
    ['a phone', { width: 390, height: 844 }, 'light'],
    ['a phone', { width: 390, height: 844 }, 'dark'],
    ['a desktop', { width: 1440, height: 900 }, 'light'],
    ['a desktop', { width: 1440, height: 900 }, 'dark'],
  ] as const)('has no axe violations, on %s of %o, %s', async (_, viewport, colorScheme) => {
    const page = await open({ viewport, colorScheme, bypassCSP: true });
    await fill(page);
    for (const place of ['Interpreter', 'Files', 'Chat', 'Translate'] as const) {
      await openPlace(page, place);
      const found = await axeFindings(page);
      expect({ place, found }).toEqual({ place, found: [] });
    }
  });

  it.each([320, 390, 820, 1440])('fits a window of %i pixels without scrolling sideways', async (width) => {
    const page = await open({ viewport: { width, height: 800 } });
    await fill(page);
    for (const place of ['Interpreter', 'Files', 'Chat', 'Translate'] as const) {
      await openPlace(page, place);
      const overflow = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return scrollWidth - clientWidth;
      });
      expect({ place, overflow }).toEqual({ place, overflow: 0 });
    }
  });
});

/** Runs in the page: whether the element, or the frame that it fills, shows the focus. */
function showsFocus(element: Element): boolean {
  const frame = element.closest('.composer, .file') ?? element;
  return [element, frame].some((each) => parseFloat(getComputedStyle(each).outlineWidth) >= 2);
}

describe('the keyboard alone', () => {
  it('reaches everything in reading order, with a visible focus', async () => {
    const page = await open();
    await page.getByRole('button', { name: 'To: ' }).waitFor();
    const names: string[] = [];
    for (let presses = 0; presses < 17; presses++) {
      await page.keyboard.press('Tab');
      const focused = page.locator(':focus');
      names.push((await focused.ariaSnapshot()).split('\n')[0] ?? '');
      expect([names.at(-1), await focused.evaluate(showsFocus)]).toEqual([names.at(-1), true]);
    }
    const order = names.join('\n');
    expect(order).toMatch(
      /Skip to content[^]*Translate[^]*Interpreter[^]*Files[^]*Chat[^]*About the engine[^]*Settings[^]*From[^]*To[^]*Text to translate[^]*Record[^]*Choose a file[^]*Translate as you type[^]*Translation[^]*As code[^]*Spoken reply[^]*More options/,
    );
  });

  it('translates a text, opens the chat, and holds a conversation', async () => {
    const page = await open();
    await page.getByRole('textbox', { name: 'Text to translate' }).focus();
    await page.keyboard.type('without a mouse');
    await page.keyboard.press('Control+Enter');
    await textOf(cards(page), /without a mouse.*without a mouse/);
    await page.getByRole('navigation').getByRole('link', { name: 'Chat' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('textbox', { name: 'Write a message' }).focus();
    await page.keyboard.type('still none');
    await page.keyboard.press('Enter');
    await textOf(page.getByRole('log', { name: 'Messages' }), /Model.*still none/);
  });

  it('records: the focus goes from the button that starts to the one that stops, and back', async () => {
    const page = await open();
    await page.getByRole('button', { name: 'Record' }).focus();
    await page.keyboard.press('Enter');
    await recordedFor(page, 1);
    await page.keyboard.press('Enter');
    await textOf(cards(page), /ms of audio/);
    expect(await page.locator(':focus').innerText()).toBe('Record');
  });

  it('skips to the content', async () => {
    const page = await open();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.locator(':focus').getAttribute('id')).toBe('content');
  });
});

describe('a browser that prefers reduced motion', () => {
  it('runs no animation', async () => {
    const page = await open({ reducedMotion: 'reduce' });
    await page.getByRole('button', { name: 'Record' }).click();
    await page.getByRole('timer', { name: 'Elapsed' }).waitFor();
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
  });
});

describe('the browser client of the original project', () => {
  let engine: Running;
  beforeAll(async () => {
    engine = await startGateway({ CORS_ORIGINS: '*' });
  });
  afterAll(() => engine.close());

  it('posts its request from a page of another origin, and reads the response', async () => {
    const elsewhere = createServer((_req, res) => {
      res.setHeader('content-type', 'text/html').end('<title>another origin</title>');
    }).listen(0, '127.0.0.1');
    await once(elsewhere, 'listening');
    const { port } = elsewhere.address() as AddressInfo;
    shared.closeAfterTest({
      close: async () => {
        elsewhere.close();
        elsewhere.closeAllConnections();
        await once(elsewhere, 'close');
      },
    });
    const visitor = await shared.visit('', {}, `http://translate.example:${port}`);
    const recording = readFileSync(await speak(SENTENCE, { afterMs: 500 })).toString('base64');
    const answer = await visitor.page.evaluate(
      async ([url, base64]) => {
        const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
        const form = new FormData();
        form.append('files', new Blob([bytes], { type: 'audio/wav' }), 'recording.wav');
        form.append('IsAudio', 'true');
        form.append('prompt', 'Translate what I say from English to Spanish.');
        const response = await fetch(`${url}/api/RealTime/AudioTranslate`, { method: 'POST', body: form });
        return (await response.json()) as { data: { connectId: string; responses: string[] } };
      },
      [engine.url, recording] as const,
    );
    expect(answer.data.responses[0]).toMatch(IN_SPANISH);
    expect(answer.data.connectId).toMatch(/^[\da-f]{32}$/);
  });
});

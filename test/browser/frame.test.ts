/** The frame around the places: addresses, navigation, the engine, a service that goes away, drops, unsaved work. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { freePort } from '../support/free-port.js';
import { startBeforeScript, startGateway, type Running } from '../support/gateway.js';
import { launchWithoutStorage } from '../support/browser/blocked-storage.js';
import { cards, openPlace, recordedFor, speak, textOf, translateText } from '../support/browser/browser.js';
import { Shared } from '../support/browser/shared.js';

const shared = new Shared(async () => ({ wav: await speak('One.', { afterMs: 60_000 }) }));

describe('an address', () => {
  it.each([
    ['/', 'Translate'],
    ['/#translate', 'Translate'],
    ['/#voice', 'Interpreter'],
    ['/#text', 'Chat'],
    ['/#/chat', 'Chat'],
    ['/#/nowhere', 'Translate'],
  ])('%s opens %s, and the title says so', async (address, place) => {
    const page = await shared.open(address);
    await page.getByRole('region', { name: place, exact: true }).waitFor();
    await page.getByRole('heading', { name: place, level: 1 }).waitFor({ state: 'attached' });
    expect(await page.title()).toBe(`${place} – Realtime Translation`);
    const current = page.getByRole('navigation').locator('[aria-current="page"]');
    expect(await current.allInnerTexts()).toEqual([place]);
  });

  it('follows Back and Forward', async () => {
    const page = await shared.open();
    await openPlace(page, 'Chat');
    await openPlace(page, 'Interpreter');
    await page.goBack();
    await page.getByRole('region', { name: 'Chat' }).waitFor();
    await page.goForward();
    await page.getByRole('region', { name: 'Interpreter' }).waitFor();
  });
});

describe('a place that is left', () => {
  it('keeps what was typed, and where it was scrolled to', async () => {
    const page = await shared.open('/', { viewport: { width: 1280, height: 420 } });
    for (const text of ['one', 'two', 'three', 'four']) {
      await translateText(page, text);
      await textOf(cards(page), new RegExp(`${text}.*${text}`));
    }
    await page.getByRole('textbox', { name: 'Text to translate' }).fill('not sent yet');
    await page.evaluate(() => {
      scrollTo({ top: 230 });
    });
    await openPlace(page, 'Chat');
    expect(await page.evaluate(() => scrollY)).toBe(0);
    await openPlace(page, 'Translate');
    expect(await page.getByRole('textbox', { name: 'Text to translate' }).inputValue()).toBe('not sent yet');
    await page.waitForFunction(() => scrollY === 230);
  });

  it('was not loaded before it was opened', async () => {
    const page = await shared.open();
    await page.getByRole('region', { name: 'Translate' }).waitFor();
    const scripts: string[] = [];
    page.on('request', (request) => scripts.push(new URL(request.url()).pathname));
    await openPlace(page, 'Chat');
    expect(scripts.some((name) => name.includes('ChatView'))).toBe(true);
    await openPlace(page, 'Translate');
    scripts.length = 0;
    await openPlace(page, 'Chat');
    // Translate fetches its own lazy parts when it is idle.
    expect(scripts.filter((name) => name.includes('Chat'))).toEqual([]);
  });
});

describe('a service that goes away', () => {
  it('is reported in every place, and is used again by itself when it is back', async () => {
    const PORT = String(await freePort());
    const first = await startBeforeScript({ PORT });
    const page = await shared.open('/', {}, first.url);
    await page.getByRole('button', { name: /About the engine/ }).waitFor();
    await first.close();
    await page.getByRole('navigation').getByRole('link', { name: 'Interpreter' }).click();
    await textOf(page.getByRole('alert'), /The service cannot be reached/);
    await page.getByRole('button', { name: 'Try again' }).click();
    await textOf(page.getByRole('alert'), /The service cannot be reached/);

    shared.closeAfterTest(await startBeforeScript({ PORT }));
    await textOf(page.getByRole('alert'), /This part of the page could not be loaded/);
    await page.getByRole('button', { name: 'Reload' }).click();
    await page.getByRole('button', { name: 'Start the call' }).waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  it('and comes back with other code asks for a reload, which opens the place', async () => {
    const page = await shared.open();
    await page.getByRole('region', { name: 'Translate' }).waitFor();
    let missing = true;
    await page.route('**/ChatView-*.js', (route) =>
      missing ? route.fulfill({ status: 404, body: '' }) : route.continue(),
    );
    await page.getByRole('navigation').getByRole('link', { name: 'Chat' }).click();
    await textOf(page.getByRole('alert'), /could not be loaded/);
    missing = false;
    await page.getByRole('button', { name: 'Reload' }).click();
    await page.getByRole('region', { name: 'Chat' }).waitFor();
  });
});

describe('closing the page', () => {
  it('asks first while something is being recorded, and not otherwise', async () => {
    const page = await shared.open();
    const asked: string[] = [];
    page.on('dialog', (dialog) => {
      asked.push(dialog.type());
      void dialog.dismiss();
    });
    await translateText(page, 'done');
    await textOf(cards(page), /done.*done/);
    await page.reload();
    expect(asked).toEqual([]);

    await page.getByRole('button', { name: 'Record' }).click();
    await recordedFor(page, 1);
    const question = page.waitForEvent('dialog');
    await page.close({ runBeforeUnload: true });
    await question;
    await recordedFor(page, 2);
    expect(asked).toEqual(['beforeunload']);
    await page.getByRole('button', { name: 'Discard' }).click();
    await page.reload();
    expect(asked).toEqual(['beforeunload']);
  });

  it('asks first during a call, also from another place', async () => {
    const page = await shared.open();
    await openPlace(page, 'Interpreter');
    await page.getByRole('button', { name: 'Start the call' }).click();
    await page.getByRole('navigation').getByRole('img', { name: 'Connected' }).waitFor();
    await openPlace(page, 'Translate');
    const question = page.waitForEvent('dialog');
    await page.close({ runBeforeUnload: true });
    const dialog = await question;
    expect(dialog.type()).toBe('beforeunload');
    await dialog.dismiss();
    await page.getByRole('navigation').getByRole('img', { name: 'Connected' }).waitFor();
  });
});

/** Drags as the system does: the browser itself takes the files. */
async function drag(page: Page, data: { files?: string[]; text?: string }) {
  const devtools = await page.context().newCDPSession(page);
  const { files = [], text } = data;
  const items = text === undefined ? [] : [{ mimeType: 'text/plain', data: text }];
  return async (type: 'dragEnter' | 'dragOver' | 'drop' | 'dragCancel', x: number, y: number) => {
    await devtools.send('Input.dispatchDragEvent', {
      type,
      x,
      y,
      data: { items, files, dragOperationsMask: 1 },
    });
  };
}

describe('a file', () => {
  let recording: string;
  beforeAll(async () => {
    recording = await speak('One.', { afterMs: 200 });
  });

  it('dropped on the header of another place opens in the place that takes files', async () => {
    const page = await shared.open('/#/chat');
    await page.getByRole('region', { name: 'Chat' }).waitFor();
    const dragTo = await drag(page, { files: [recording] });
    await dragTo('dragEnter', 300, 20);
    await dragTo('dragOver', 300, 20);
    await page.getByText('Drop the files to open them in Translate').waitFor();
    await dragTo('drop', 300, 20);
    await page.getByRole('region', { name: 'Translate' }).waitFor();
    await textOf(cards(page), /microphone\.wav/);
    expect(await page.getByText('Drop the files').count()).toBe(0);
    expect(page.url()).toBe(`${shared.service.url}/#/translate`);
  });

  it('that is dragged away again leaves nothing over the page', async () => {
    const page = await shared.open();
    const field = page.getByRole('textbox', { name: 'Text to translate' });
    const { x = 0, y = 0 } = (await field.boundingBox()) ?? {};
    const dragTo = await drag(page, { files: [recording] });
    await dragTo('dragEnter', x + 20, y + 20);
    await dragTo('dragOver', x + 20, y + 20);
    await page.getByText('Drop the files').waitFor();
    await dragTo('dragCancel', x + 20, y + 20);
    await page.getByText('Drop the files').waitFor({ state: 'detached' });
    await field.fill('seen');
  });

  it('is told from words, which are dropped into a field as ever', async () => {
    const page = await shared.open();
    const field = page.getByRole('textbox', { name: 'Text to translate' });
    const { x = 0, y = 0 } = (await field.boundingBox()) ?? {};
    const dragTo = await drag(page, { text: 'dragged words' });
    await dragTo('dragEnter', x + 20, y + 20);
    await dragTo('dragOver', x + 20, y + 20);
    expect(await page.getByText('Drop the files').count()).toBe(0);
    await dragTo('drop', x + 20, y + 20);
    await page.waitForFunction(() => document.querySelector('textarea')?.value.trim() === 'dragged words');
  });
});

describe('the engine', () => {
  let offline: Running;
  beforeAll(async () => {
    offline = await startGateway();
  });
  afterAll(() => offline.close());

  it.each([320, 390, 820, 1440])('is named in a window of %i pixels, and explains itself', async (width) => {
    const page = await shared.open('/', { viewport: { width, height: 800 } }, offline.url);
    const button = page.getByRole('button', { name: /^Offline, 5 languages/ });
    await textOf(button, /^Offline/);
    await button.click();
    const info = page.getByRole('dialog', { name: 'About the engine' });
    await textOf(info, /Catalan, English, French, Portuguese, Spanish/);
    await textOf(info, /goes to this service and no further/);
    await textOf(info, /The history stays in this browser/);
    expect(await info.getByRole('link', { name: 'API documentation' }).getAttribute('href')).toBe('/docs');
    await page.keyboard.press('Escape');
    await info.waitFor({ state: 'hidden' });
  });

  it('that is someone else’s says who gets the words', async () => {
    const page = await shared.open();
    await page.getByRole('button', { name: /About the engine/ }).click();
    await textOf(
      page.getByRole('dialog', { name: 'About the engine' }),
      /sends what you say and type to the servers that its operator has set/,
    );
  });
});

describe('the settings', () => {
  it('change the key and forget it', async () => {
    const guarded = shared.closeAfterTest(
      await startBeforeScript({ API_KEYS: 'first-key-of-this-test,second-key-of-this-test' }),
    );
    const page = await shared.open('/', {}, guarded.url);
    await page.getByLabel('Key', { exact: true }).fill('first-key-of-this-test');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: /About the engine/ }).waitFor();
    await page.getByRole('button', { name: 'Settings' }).click();
    const sheet = page.getByRole('dialog', { name: 'Settings' });
    await textOf(sheet, /The key that ends in …test is kept in this tab/);
    await sheet.getByRole('button', { name: 'Change the key' }).click();
    await page.keyboard.type('second-key-of-this-test');
    await page.keyboard.press('Enter');
    expect(await page.locator(':focus').innerText()).toBe('Change the key');
    expect(await page.evaluate(() => sessionStorage.getItem('api-key'))).toBe('second-key-of-this-test');
    await sheet.getByRole('button', { name: 'Forget the key' }).click();
    await textOf(sheet, /No key is kept/);
    expect(await page.evaluate(() => sessionStorage.getItem('api-key'))).toBeNull();
    expect(await page.locator(':focus').innerText()).toBe('Change the key');
    await page.keyboard.press('Escape');
    await translateText(page, 'asks again');
    await page.getByLabel('Key', { exact: true }).waitFor();
  });

  it('list the keyboard shortcuts on `?`, except where it is text', async () => {
    const page = await shared.open();
    const sheet = page.getByRole('dialog', { name: 'Settings' });
    await page.getByRole('textbox', { name: 'Text to translate' }).focus();
    await page.keyboard.type('what?');
    expect(await page.getByRole('textbox', { name: 'Text to translate' }).inputValue()).toBe('what?');
    expect(await sheet.count()).toBe(0);
    await page.getByRole('button', { name: 'Settings' }).focus();
    await page.keyboard.press('?');
    await textOf(sheet, /Show the keyboard shortcuts/);
    await page.keyboard.press('Escape');
    await sheet.waitFor({ state: 'detached' });
  });
});

describe('a browser that forbids storage', () => {
  it('shows the page, which works until it is closed', async () => {
    const blocked = shared.closeAfterTest(await launchWithoutStorage());
    const page = await blocked.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(shared.service.url);
    expect(
      await page.evaluate(() => {
        try {
          return String(localStorage.length);
        } catch (thrown) {
          return (thrown as DOMException).name;
        }
      }),
    ).toBe('SecurityError');
    await translateText(page, 'no storage');
    await textOf(cards(page), /no storage.*no storage/);
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByRole('radio', { name: 'Dark' }).check();
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark');
    expect(errors).toEqual([]);
  });
});

/** What a user recorded or typed is kept: whatever dies, is unplugged, full, forbidden, or of another version. */
import { describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { freePort } from '../support/free-port.js';
import { startBeforeScript } from '../support/gateway.js';
import { installMicrophoneSwitch, killTab, unplugMicrophone } from '../support/browser/kills.js';
import {
  cards,
  targetPane,
  openPlace,
  recordedFor,
  SENTENCE,
  speak,
  textOf,
  translateText,
} from '../support/browser/browser.js';
import { Shared } from '../support/browser/shared.js';
import { untilStored } from '../support/browser/stored.js';

const shared = new Shared(async () => ({ wav: await speak(SENTENCE) }));

/** @param url of the service, unless another is named. */
async function open(url?: string): Promise<Page> {
  return (await shared.visit('', {}, url)).page;
}

/** Another tab of the same browser profile. */
async function openBeside(page: Page, url = shared.service.url): Promise<Page> {
  const other = await page.context().newPage();
  other.setDefaultTimeout(15_000);
  await other.goto(url);
  return other;
}

/** Records until the clock shows at least so many seconds. */
async function record(page: Page, seconds: number): Promise<void> {
  await page.getByRole('button', { name: 'Record' }).click();
  await recordedFor(page, seconds);
}

/** Seconds of the newest recording, as its card names them. */
async function recordedSeconds(page: Page): Promise<number> {
  await textOf(cards(page), /Recording, \d:\d\d/);
  // A tab in the background draws nothing, so it has no inner text.
  const text = (await cards(page).first().textContent()) ?? '';
  const [, minutes, seconds] = /Recording, (\d+):(\d\d)/.exec(text) ?? [];
  return Number(minutes) * 60 + Number(seconds);
}

describe('a recording', () => {
  it('of a killed tab is there when the page is opened again, but for the last 2 s, and can be translated', async () => {
    const page = await open();
    await record(page, 4);
    await killTab(page);
    const next = await openBeside(page);
    expect(await recordedSeconds(next)).toBeGreaterThanOrEqual(2);
    await textOf(cards(next), /interrupted/i);
    await next.getByRole('button', { name: 'Translate it' }).click();
    await textOf(cards(next).locator('.result'), /\d+ ms of audio/);
  });

  it('of a tab that is closed is recovered by the one that stays open', async () => {
    const page = await open();
    const other = await openBeside(page);
    await record(page, 3);
    await page.close();
    expect(await recordedSeconds(other)).toBeGreaterThanOrEqual(1);
  });

  it('whose request fails is there after a reload, with its sound and its error', async () => {
    const PORT = String(await freePort());
    const own = await startBeforeScript({ PORT });
    const page = await open(own.url);
    await record(page, 2);
    await own.close();
    await page.getByRole('button', { name: 'Stop and translate' }).click();
    await textOf(targetPane(page), /cannot be reached/);
    await untilStored(page, 'the failure', ([item]) => item?.state === 'failed');
    const again = await startBeforeScript({ PORT });
    shared.closeAfterTest(again);
    await page.reload();
    await textOf(targetPane(page), /cannot be reached/);
    await page.getByRole('button', { name: 'Play the original' }).waitFor();
    await page.getByRole('button', { name: 'Try again' }).click();
    await textOf(cards(page).locator('.result'), /\d+ ms of audio/);
  });

  it('whose microphone is unplugged ends with what there is, and is translated', async () => {
    const page = await open('about:blank');
    await installMicrophoneSwitch(page);
    await page.goto(shared.service.url);
    await record(page, 2);
    await unplugMicrophone(page);
    await textOf(page.getByRole('alert'), /microphone was disconnected/);
    await textOf(cards(page).locator('.result'), /\d+ ms of audio/);
  });

  it('and a call never have two microphones open', async () => {
    const page = await open();
    await record(page, 1);
    await openPlace(page, 'Interpreter');
    await page.getByRole('button', { name: 'Start the call' }).click();
    await textOf(page.getByRole('alert'), /Another part of this page is using the microphone/);
    await openPlace(page, 'Translate');
    await page.getByRole('button', { name: 'Stop and translate' }).click();
    await textOf(cards(page).locator('.result'), /\d+ ms of audio/);
  });
});

/** Runs in a tab of version 1 of the page: opens its database, with one translation, and never closes it. */
async function openVersion1(): Promise<void> {
  const request = indexedDB.open('realtime-translation', 1);
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    request.onupgradeneeded = () => {
      for (const name of ['translate', 'voice', 'text'])
        request.result.createObjectStore(name, { keyPath: 'id' });
    };
    request.onsuccess = () => {
      resolve(request.result);
    };
    request.onerror = () => {
      reject(request.error ?? new Error('no reason given'));
    };
  });
  const transaction = database.transaction(['translate', 'text'], 'readwrite');
  transaction.objectStore('translate').put({
    id: '0-old',
    at: 1_700_000_000_000,
    question: { kind: 'recording', file: new Blob(['RIFF']), name: 'old.wav' },
    profile: { source: 'en', target: 'es', voice: '', prompt: '' },
    state: 'done',
    text: 'from before',
    source: 'en',
    target: 'es',
  });
  transaction
    .objectStore('text')
    .put({ id: '0-turn', at: 1_700_000_000_000, speaker: 'person', text: 'said before', state: 'done' });
  await new Promise((resolve) => {
    transaction.oncomplete = resolve;
  });
}

/** Runs in a tab: keeps the stored items locked, as a tab that writes a lot does, until this tab is left. */
async function keepItemsLocked(): Promise<void> {
  const request = indexedDB.open('realtime-translation');
  await new Promise((resolve) => {
    request.onsuccess = resolve;
  });
  const store = request.result.transaction('items', 'readwrite').objectStore('items');
  const readAgain = () => {
    store.count().onsuccess = readAgain;
  };
  await new Promise<void>((resolve) => {
    store.count().onsuccess = () => {
      readAgain();
      resolve();
    };
  });
}

describe('the database', () => {
  it('that is busy while the history is cleared does not bring it back after a reload', async () => {
    const page = await open();
    for (const text of ['pinned', 'cleared', 'removed']) {
      await translateText(page, text);
      await textOf(cards(page).first().locator('.result'), new RegExp(`^${text}$`));
    }
    await cards(page).nth(2).getByRole('button', { name: 'Pin', exact: true }).click();
    await textOf(cards(page).first(), /pinned/);
    await page.evaluate(keepItemsLocked);
    await cards(page).nth(1).getByRole('button', { name: 'Remove', exact: true }).click();
    const clear = page.locator('.history').getByRole('button', { name: 'Clear', exact: true });
    await clear.click();
    await page.getByRole('alert').waitFor();
    await clear.click();
    await cards(page).nth(1).waitFor({ state: 'detached' });
    await page.reload();
    await textOf(cards(page), /pinned/);
    expect(await cards(page).count()).toBe(1);
    // The database follows, and then nothing is left to be remembered.
    await page.waitForFunction(() => !Object.keys(localStorage).some((key) => key.startsWith('removed-')));
    await page.reload();
    await textOf(cards(page), /pinned/);
    expect(await cards(page).count()).toBe(1);
  });

  it('of version 1 in an old tab hangs nothing, and moves to version 2 once that tab closes', async () => {
    const old = await open(`${shared.service.url}/health`);
    await old.evaluate(openVersion1);
    const page = await openBeside(old);
    await textOf(page.getByRole('alert'), /Another tab runs an older version/);
    await translateText(page, 'in the meantime');
    await textOf(cards(page).locator('.result'), /^in the meantime$/);
    await old.close();
    await textOf(cards(page).nth(1), /old\.wav[^]*from before/);
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await page.reload();
    await textOf(cards(page), /in the meantime/);
    await textOf(cards(page).nth(1), /old\.wav[^]*from before/);
    await openPlace(page, 'Chat');
    await page.getByText('said before').waitFor();
  });

  it('gives way to a newer version of the page in another tab, and says so', async () => {
    const page = await open();
    await translateText(page, 'kept');
    await textOf(cards(page).locator('.result'), /kept/);
    const newer = await openBeside(page, `${shared.service.url}/health`);
    await newer.evaluate(
      () =>
        new Promise<void>((resolve, reject) => {
          const request = indexedDB.open('realtime-translation', 99);
          request.onsuccess = () => {
            resolve();
          };
          request.onblocked = () => {
            reject(new Error('blocked'));
          };
        }),
    );
    await textOf(page.getByRole('alert'), /Another tab runs a newer version/);
  });

  it('that is forbidden leaves a page that works, and says so', async () => {
    const page = await open('about:blank');
    await page.addInitScript(() => {
      IDBFactory.prototype.open = () => {
        throw new DOMException('denied', 'SecurityError');
      };
    });
    await page.goto(shared.service.url);
    await textOf(page.getByRole('alert'), /does not let the page keep anything/);
    await translateText(page, 'all the same');
    await textOf(cards(page).locator('.result'), /all the same/);
  });

  it('that is full says so, and what is on screen stays usable', async () => {
    const page = await open();
    const control = await page.context().newCDPSession(page);
    await control.send('Storage.overrideQuotaForOrigin', { origin: shared.service.url, quotaSize: 100_000 });
    await record(page, 4);
    await textOf(page.getByRole('alert'), /no room left/);
    await page.getByRole('button', { name: 'Stop and translate' }).click();
    await textOf(cards(page).locator('.result'), /\d+ ms of audio/);
    await page.getByRole('button', { name: 'Play the original' }).click();
    await page.getByRole('button', { name: 'Pause' }).waitFor();
  });

  it('is shared by two tabs, which see what the other adds and removes', async () => {
    const page = await open();
    const other = await openBeside(page);
    await translateText(page, 'seen by both');
    await textOf(cards(other).locator('.result'), /^seen by both$/);
    await cards(other).getByRole('button', { name: 'Remove' }).click();
    await cards(page).first().waitFor({ state: 'detached' });
  });
});

it('a page without localStorage and sessionStorage works', async () => {
  const page = await open('about:blank');
  await page.addInitScript(() => {
    for (const name of ['localStorage', 'sessionStorage'])
      Object.defineProperty(window, name, {
        get() {
          throw new DOMException('denied', 'SecurityError');
        },
      });
  });
  await page.goto(shared.service.url);
  await page.getByRole('checkbox', { name: 'Spoken reply' }).check();
  await translateText(page, 'without storage');
  await textOf(cards(page).locator('.result'), /without storage/);
});

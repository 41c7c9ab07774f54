/** Each error is shown in a sentence that says what to do. */
import { describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { startBeforeScript, startGateway } from '../support/gateway.js';
import { requestFault } from '../support/offline.js';
import {
  cards,
  chooseLanguage,
  targetPane,
  openPlace,
  launchBrowser,
  serviceKnown,
  speak,
  textOf,
  translateText,
  visit,
  type Microphone,
} from '../support/browser/browser.js';
import { closingAfterEachTest } from '../support/close-after-test.js';

const closeAfterTest = closingAfterEachTest();

async function browserWith(microphone: Microphone, hosts?: string[]): Promise<Browser> {
  return closeAfterTest(await launchBrowser(microphone, hosts));
}

async function pageOf(browser: Browser, url: string): Promise<Page> {
  return closeAfterTest(await visit(browser, url)).page;
}

describe('the microphone', () => {
  it.each([
    ['refused', /The microphone is blocked\. Allow it in the address bar/],
    ['missing', /No microphone was found\. Connect one, or type instead/],
  ] as const)('that is %s is reported in both views that need one', async (microphone, sentence) => {
    const service = closeAfterTest(await startBeforeScript());
    const page = await pageOf(await browserWith(microphone), service.url);
    await page.getByRole('button', { name: 'Record' }).click();
    await textOf(page.getByRole('alert'), sentence);
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await openPlace(page, 'Interpreter');
    await page.getByRole('button', { name: 'Start the call' }).click();
    await textOf(page.getByRole('alert'), sentence);
    await page.getByRole('button', { name: 'Start the call' }).waitFor();
  });

  it('that browsers hide from insecure pages is reported, with the remedy', async () => {
    const service = closeAfterTest(await startBeforeScript());
    const browser = await browserWith('missing', ['translate.example']);
    const page = await pageOf(browser, service.url.replace('127.0.0.1', 'translate.example'));
    await page.getByRole('button', { name: 'Record' }).click();
    await textOf(page.getByRole('alert'), /secure pages only\. Open this page over https or on localhost/);
    await translateText(page, 'typing works all the same');
    await textOf(cards(page), /typing works all the same.*typing works all the same/);
  });
});

describe('the key', () => {
  it('is requested, requested again when it is wrong, and kept for the tab', async () => {
    const service = closeAfterTest(await startBeforeScript({ API_KEYS: 'the-right-key-of-this-test' }));
    const page = await pageOf(await browserWith('missing'), service.url);
    const field = page.getByLabel('Key', { exact: true });
    await field.fill('a-wrong-one');
    await page.keyboard.press('Enter');
    await textOf(page.getByRole('alert'), /That key was not accepted/);
    await field.fill('the-right-key-of-this-test');
    await page.getByRole('button', { name: 'Use this key' }).click();
    await field.waitFor({ state: 'hidden' });
    await translateText(page, 'with a key');
    await textOf(cards(page), /with a key.*with a key/);
    await page.reload();
    await translateText(page, 'still with a key');
    await textOf(cards(page), /still with a key.*still with a key/);
    await openPlace(page, 'Chat');
    await page.getByRole('textbox', { name: 'Write a message' }).fill('by ticket');
    await page.keyboard.press('Enter');
    await textOf(page.getByRole('article').filter({ hasText: 'Model' }), /by ticket/);
    expect(
      await page.evaluate(() =>
        JSON.stringify([Object.entries(localStorage), document.cookie, location.href]),
      ),
    ).not.toContain('right-key');
  });

  it('can be declined, and then the page says that it is missing', async () => {
    const service = closeAfterTest(await startBeforeScript({ API_KEYS: 'the-right-key-of-this-test' }));
    const page = await pageOf(await browserWith('missing'), service.url);
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await textOf(page.getByRole('alert'), /A valid key is needed/);
  });

  it('is needed to see what another tab of this browser has kept', async () => {
    const service = closeAfterTest(await startBeforeScript({ API_KEYS: 'the-right-key-of-this-test' }));
    const page = await pageOf(await browserWith('missing'), service.url);
    await page.getByLabel('Key', { exact: true }).fill('the-right-key-of-this-test');
    await page.keyboard.press('Enter');
    await translateText(page, 'a secret sentence');
    await textOf(cards(page), /a secret sentence/);

    const other = await page.context().newPage();
    await other.goto(service.url);
    await other.getByRole('dialog').waitFor();
    expect(await other.locator('main').innerText()).not.toContain('secret');
    await other.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await textOf(other.getByRole('alert'), /A valid key is needed/);
    expect(await other.locator('main').innerText()).not.toContain('secret');
    await other.getByRole('button', { name: 'Try again' }).click();
    await other.getByLabel('Key', { exact: true }).fill('the-right-key-of-this-test');
    await other.keyboard.press('Enter');
    await textOf(cards(other), /a secret sentence/);
  });
});

describe('the service', () => {
  it('that rate-limits the page says how long to wait', async () => {
    const service = closeAfterTest(await startBeforeScript({ RATE_LIMIT_PER_MINUTE: '2' }));
    const page = await pageOf(await browserWith('missing'), service.url);
    await translateText(page, 'one');
    await textOf(cards(page), /one.*one/);
    await translateText(page, 'two');
    await textOf(page.getByRole('alert'), /Too many requests at once.*Wait \d+ s before trying again/);
  });

  it('that breaks off keeps the text received so far, and a retry makes no other entry', async () => {
    const service = closeAfterTest(await startBeforeScript());
    const page = await pageOf(await browserWith('missing'), service.url);
    service.script.requests.next(requestFault.drop(2));
    await translateText(page, 'one two three four');
    await textOf(page.getByRole('alert'), /The translation broke off\. Try again/);
    await textOf(cards(page), /one two/);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await textOf(cards(page), /one two three four.*one two three four/);
    expect(await cards(page).count()).toBe(1);
  });

  it('that cannot be reached is distinguished from a device that is offline', async () => {
    const service = await startBeforeScript();
    const browser = await browserWith('missing');
    const page = await pageOf(browser, service.url);
    await serviceKnown(page);
    await page.context().setOffline(true);
    await translateText(page, 'one');
    await textOf(page.getByRole('alert'), /This device is offline/);
    await page.context().setOffline(false);
    await service.close();
    await page.getByRole('button', { name: 'Try again' }).click();
    await textOf(page.getByRole('alert'), /The service cannot be reached/);
  });

  it('whose engine lacks a pair says so, with the detail from the service', async () => {
    const service = closeAfterTest(await startGateway());
    const page = await pageOf(await browserWith('missing'), service.url);
    await chooseLanguage(page, 'From', 'English');
    await chooseLanguage(page, 'To', 'Spanish');
    await page.route('**/api/realtime/translate', async (route) => {
      const body = route.request().postData() ?? '';
      await route.continue({ postData: body.replace('\r\nes\r\n', '\r\nja\r\n') });
    });
    await translateText(page, 'Good morning');
    await textOf(
      page.getByRole('alert'),
      /These languages are not available here\. Choose another pair\.[^]*The service says:/,
    );
  });
});

describe('a running translation', () => {
  it('shows text as it arrives, and stops immediately', async () => {
    const service = closeAfterTest(await startBeforeScript());
    const page = await pageOf(await browserWith('missing'), service.url);
    service.script.requests.next(requestFault.hang({ after: 2 }));
    await translateText(page, 'one two three four');
    await textOf(targetPane(page).locator('.result'), /^one two$/);
    await page.getByRole('button', { name: 'Stop' }).click();
    await textOf(targetPane(page), /Stopped/);
    await service.script.until(() => service.script.answering === 0);
    await page.getByRole('button', { name: 'Try again' }).click();
    await textOf(targetPane(page).locator('.result'), /^one two three four$/);
  });

  it('shows how much of a recording has been uploaded', async () => {
    const service = closeAfterTest(await startBeforeScript());
    const page = await pageOf(await browserWith('missing'), service.url);
    const network = await page.context().newCDPSession(page);
    await network.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: 50_000,
    });
    await page.getByLabel('Choose a file').setInputFiles(await speak('One', { afterMs: 20_000 }));
    await textOf(targetPane(page), /Uploading [1-9]\d? %/);
    await network.detach();
    await textOf(targetPane(page), /ms of audio/);
  });
});

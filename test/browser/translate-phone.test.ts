/** Translate in the hand, in scripts that run from the right, and before answers that are slow: what the offline engine has not. */
import { describe, expect, it } from '@jest/globals';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { requestFault } from '../support/offline.js';
import { cards, speak, targetPane, textOf, translateText } from '../support/browser/browser.js';
import { Shared } from '../support/browser/shared.js';

const ARABIC = 'صباح الخير، يا صديقي (العزيز).';
/** A phone of 390×844 whose keyboard is open. */
const WITH_KEYBOARD = { width: 390, height: 524 };

const shared = new Shared('missing');

const open = (options?: BrowserContextOptions): Promise<Page> => shared.open('/', options);

const result = (page: Page) => targetPane(page).locator('.result');

describe('a phone with its keyboard open', () => {
  it.each([
    ['en', 'Translate', 'Text to translate', 'Translation'],
    ['zh-TW', '翻譯', '要翻譯的文字', '譯文'],
  ])('shows the first translated line without scrolling, in %s', async (locale, translate, label, name) => {
    const page = await open({ viewport: WITH_KEYBOARD, locale });
    await page.getByRole('textbox', { name: label }).fill('The red house has a big garden. '.repeat(40));
    await page.getByRole('button', { name: translate, exact: true }).click();
    const text = page.getByRole('log', { name, exact: true }).locator('.result');
    await text.waitFor();
    const { y = NaN } = (await text.boundingBox()) ?? {};
    expect(y).toBeGreaterThan(0);
    expect(y + 40).toBeLessThan(WITH_KEYBOARD.height);
    expect(await page.evaluate(() => [scrollX, scrollY])).toEqual([0, 0]);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    // Nothing in the two bars is cut off.
    const cut = await page
      .locator('.translate .tools, .translate .languages')
      .evaluateAll((bars) => bars.filter((bar) => bar.scrollWidth > bar.clientWidth + 1).length);
    expect(cut).toBe(0);
  });

  it('has its history in a drawer, which closes when an entry is opened', async () => {
    const page = await open({ viewport: WITH_KEYBOARD });
    await translateText(page, 'one');
    await textOf(result(page), /^one$/);
    await translateText(page, 'two');
    await textOf(result(page), /^two$/);
    await page.getByRole('button', { name: 'History' }).click();
    await cards(page).nth(1).getByRole('button', { name: 'one' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await textOf(result(page), /^one$/);
  });
});

describe('Arabic', () => {
  it('runs from the right in both panes and in the history', async () => {
    const page = await open();
    await translateText(page, ARABIC);
    await textOf(result(page), /صباح/);
    for (const words of [
      page.getByRole('textbox', { name: 'Text to translate' }),
      result(page),
      cards(page).locator('.result'),
      cards(page).locator('.original'),
    ])
      expect(await words.evaluate((element) => getComputedStyle(element).direction)).toBe('rtl');
  });
});

describe('the former request', () => {
  it('is aborted when the text goes on, and its words never come', async () => {
    const page = await open();
    await page.getByRole('checkbox', { name: 'Translate as you type' }).check();
    shared.service.script.requests.next(requestFault.hang({ after: 1 }));
    const field = page.getByRole('textbox', { name: 'Text to translate' });
    // At once: a pause between two keys would translate the first of them.
    await field.fill('one two');
    await textOf(result(page), /^one$/);
    const aborted = page.waitForEvent('requestfailed');
    await field.fill('one two three');
    expect((await aborted).failure()?.errorText).toBe('net::ERR_ABORTED');
    await textOf(result(page), /^one two three$/);
    await shared.service.script.until(() => shared.service.script.answering === 0);
    expect(await cards(page).count()).toBe(1);
  });
});

describe('a recording after a text', () => {
  it('does not show the translation of that text beside it', async () => {
    const page = await open();
    await translateText(page, 'one');
    await textOf(result(page), /^one$/);
    // What is said, and its translation.
    const { script } = shared.service;
    script.requests.next(requestFault.hang({ after: 0 }), 2);
    await page.getByLabel('Choose a file').setInputFiles(await speak('I live in a small house.'));
    await textOf(targetPane(page), /Listening and translating/);
    await script.until(() => script.answering === 2);
    expect(await result(page).count()).toBe(0);
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await textOf(targetPane(page), /Stopped/);
  });
});

describe('trying again', () => {
  it('uses the languages that are chosen now', async () => {
    const page = await open();
    shared.service.script.requests.next(requestFault.drop(1));
    await translateText(page, 'one two');
    await textOf(page.getByRole('alert'), /broke off/);
    await page.getByRole('button', { name: 'To: Spanish' }).click();
    await page.keyboard.type('Catalan');
    await page.keyboard.press('Enter');
    const sent = page.waitForRequest((request) => request.url().endsWith('/translate'));
    await page.getByRole('button', { name: 'Try again' }).click();
    expect((await sent).postData()).toMatch(/name="target"\r\n\r\nca\r\n/);
    await textOf(result(page), /^one two$/);
    expect(await cards(page).count()).toBe(1);
  });
});

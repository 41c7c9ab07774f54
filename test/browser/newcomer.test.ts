/** What someone who opens the page for the first time stumbles over. */
import { describe, expect, it } from '@jest/globals';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { requestFault } from '../support/offline.js';
import {
  openPlace,
  SENTENCE,
  serviceKnown,
  speak,
  targetPane,
  textOf,
  translateText,
} from '../support/browser/browser.js';
import { Shared } from '../support/browser/shared.js';

const LAN = 'translate.example';
const shared = new Shared(async () => ({ wav: await speak(SENTENCE, { afterMs: 60_000 }) }), [LAN]);

const open = (options?: BrowserContextOptions): Promise<Page> => shared.open('/', options);

it('a translation is copied on plain http in a local network too, and the page says so', async () => {
  // Chromium warns that it ignores two headers on plain http, so its messages are not looked at here.
  const { page } = await shared.visit('/', {}, shared.service.url.replace('127.0.0.1', LAN));
  expect(await page.evaluate(() => isSecureContext)).toBe(false);
  await translateText(page, 'to be copied');
  await page.getByRole('button', { name: 'Copy the translation' }).click();
  await page.getByRole('status').filter({ hasText: 'Copied' }).waitFor();
  const field = page.getByRole('textbox', { name: 'Text to translate' });
  await field.fill('');
  await field.press('Control+v');
  expect(await field.inputValue()).toBe('to be copied');
});

it('a typed text is translated, not listened to', async () => {
  const answer = requestFault.held();
  shared.service.script.requests.next(answer);
  const page = await open();
  await translateText(page, 'typed');
  await textOf(targetPane(page), /Translating/);
  expect(await targetPane(page).innerText()).not.toMatch(/Listening/);
  answer.release();
  await textOf(targetPane(page), /typed/);
});

it('a document that is no recording has no button to play it', async () => {
  const page = await open();
  const pdf = Buffer.from('%PDF-1.4\n%%EOF\n');
  await page
    .getByLabel('Choose a file')
    .setInputFiles({ name: 'letter.pdf', mimeType: 'application/pdf', buffer: pdf });
  await page.getByRole('alert').first().waitFor();
  expect(await page.getByRole('button', { name: 'Play the original' }).count()).toBe(0);
});

it('the panes keep their place and height when a recording begins', async () => {
  const page = await open();
  await serviceKnown(page);
  const panes = page.getByRole('region', { name: 'Translate' }).locator('.desk');
  const before = await panes.boundingBox();
  await page.getByRole('button', { name: 'Record', exact: true }).click();
  await page.getByRole('timer', { name: 'Elapsed' }).waitFor();
  expect(await panes.boundingBox()).toEqual(before);
  await page.getByRole('button', { name: 'Discard' }).click();
});

describe('a call', () => {
  it('moves no link of the navigation, and no longer asks to be started', async () => {
    const page = await open({ viewport: { width: 820, height: 1_000 } });
    await serviceKnown(page);
    await openPlace(page, 'Interpreter');
    const links = page.getByRole('navigation').getByRole('link');
    const places = () => Promise.all([0, 1, 2].map((index) => links.nth(index).boundingBox()));
    const before = await places();
    await textOf(page.getByRole('log', { name: 'What was said' }), /Start the call/);
    await page.getByRole('button', { name: 'Start the call' }).click();
    await page.getByRole('region', { name: 'Interpreter' }).getByText('Connected').first().waitFor();
    expect(await places()).toEqual(before);
    expect(await page.getByRole('log', { name: 'What was said' }).innerText()).not.toMatch(/Start the call/);
  });

  it('keeps its newest line in view when the window shrinks', async () => {
    const page = await open({ viewport: { width: 1_000, height: 900 } });
    await openPlace(page, 'Interpreter');
    await page.getByRole('button', { name: 'Start the call' }).click();
    await page.getByRole('region', { name: 'Interpreter' }).getByText('Connected').first().waitFor();
    await page.getByRole('textbox', { name: 'Or type here' }).fill('A line of many words. '.repeat(60));
    await page.keyboard.press('Enter');
    const heard = page.getByRole('log', { name: 'What is heard' });
    await textOf(heard.getByRole('article'), /(A line of many words. ?){60}/);
    await page.setViewportSize({ width: 1_000, height: 600 });
    await page.waitForFunction(() => {
      const box = document.querySelector('[role=log][aria-label="What is heard"]');
      return box !== null && box.scrollHeight - box.scrollTop - box.clientHeight < 2;
    });
  });
});

it.each(['Interpreter', 'Chat'] as const)(
  'a prompt that is folded away in %s is mentioned, and kept as it is typed',
  async (place) => {
    const page = await open();
    await openPlace(page, place);
    const view = page.getByRole('region', { name: place, exact: true });
    await view.getByText('More options').click();
    await view.getByRole('textbox', { name: /^Prompt/ }).pressSequentially('Answer in verse.');
    // The field has not been left.
    await page.reload();
    await view.getByText('More options · prompt in use').click();
    expect(await view.getByRole('textbox', { name: /^Prompt/ }).inputValue()).toBe('Answer in verse.');
  },
);

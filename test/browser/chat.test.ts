/** Chat: streamed answers in Markdown, with a scripted upstream. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import { startBeforeScript, startGateway } from '../support/gateway.js';
import { requestFault } from '../support/offline.js';
import { allDone, untilStored } from '../support/browser/stored.js';
import {
  download,
  openPlace,
  launchBrowser,
  serviceKnown,
  targetPane,
  textOf,
  translateText,
  visit,
  type Visit,
} from '../support/browser/browser.js';

const MARKDOWN = `## Greetings

There are **two**, and *no more*:

1. Buenos días
2. Buenas noches

- see [the dictionary](https://dle.rae.es) and [this](javascript:hack())

\`\`\`python
print("hola")
\`\`\`

<script>hack()</script><img src=x onerror="hack()"><b>bold</b>`;

let browser: Browser;
let service: Awaited<ReturnType<typeof startBeforeScript>>;
let visitor: Visit;
let page: Page;

beforeAll(async () => {
  browser = await launchBrowser('missing');
});
afterAll(() => browser.close());
beforeEach(async () => {
  service = await startBeforeScript();
  visitor = await visit(browser, `${service.url}/#/chat`, {
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  page = visitor.page;
  // Before, the field takes no text.
  await serviceKnown(page);
});
afterEach(async () => {
  expect(visitor.browserErrors).toEqual([]);
  await visitor.close();
  await service.close();
});

async function say(text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Write a message' }).fill(text);
  await page.keyboard.press('Enter');
}

function answers(): Locator {
  return page.getByRole('log', { name: 'Messages' }).getByRole('article').filter({ hasText: 'Model' });
}

describe('an answer', () => {
  beforeEach(() => {
    service.script.answer = () => MARKDOWN;
  });

  it('has headings, emphasis, lists, links, and code that can be copied', async () => {
    await say('How do people greet each other?');
    const answer = answers().first();
    await answer.getByRole('heading', { name: 'Greetings' }).waitFor();
    await textOf(answer.locator('strong'), /^two$/);
    await textOf(answer.locator('ol > li').nth(1), /^Buenas noches$/);
    const link = answer.getByRole('link');
    expect([await link.count(), await link.getAttribute('href'), await link.getAttribute('rel')]).toEqual([
      1,
      'https://dle.rae.es',
      'noopener noreferrer',
    ]);
    await answer.getByRole('button', { name: 'Copy' }).click();
    await answer.getByText('Copied').waitFor({ state: 'attached' });
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('print("hola")');
  });

  it('cannot inject anything: what looks like HTML stays text', async () => {
    const [hacked, loaded] = [[], []] as [string[], string[]];
    await page.exposeFunction('hack', () => hacked.push('hack'));
    page.on('request', (request) => loaded.push(request.url()));
    await say('Attack');
    await textOf(answers(), /<script>hack\(\)<\/script><img src=x onerror="hack\(\)"><b>bold<\/b>/);
    expect(await answers().locator('script, img, b, [onerror]').count()).toBe(0);
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
    expect(hacked).toEqual([]);
    expect(loaded.filter((address) => !address.startsWith(service.url))).toEqual([]);
  });
});

describe('a streaming answer', () => {
  it('is shown as far as it has arrived, and ends where it is stopped', async () => {
    service.script.requests.next(requestFault.hang({ after: 2 }));
    await say('one two three four');
    await textOf(answers().locator('p'), /^one two$/);
    expect(await page.getByRole('log', { name: 'Messages' }).getAttribute('aria-busy')).toBe('true');
    await page.getByRole('button', { name: 'Stop the answer' }).click();
    await textOf(answers(), /interrupted/);
    await service.script.until(() => service.script.answering === 0);

    await say('the conversation goes on');
    await textOf(answers().nth(1).locator('p'), /^the conversation goes on$/);
    expect(await page.getByText('the model does not know the messages above').count()).toBe(0);
  });
});

describe('a message', () => {
  it('is sent with Enter, broken with Shift+Enter, and not sent by the Enter of an input method', async () => {
    const field = page.getByRole('textbox', { name: 'Write a message' });
    await field.focus();
    await page.keyboard.type('first line');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('second line');
    expect(await field.inputValue()).toBe('first line\nsecond line');
    await field.dispatchEvent('keydown', { key: 'Enter', isComposing: true });
    expect(await field.inputValue()).toBe('first line\nsecond line');
    await page.keyboard.press('Enter');
    await textOf(answers(), /first line\s*second line/);
    expect(await field.inputValue()).toBe('');
  });

  it('that cannot be sent is kept, and sent by the next attempt', async () => {
    await page.context().setOffline(true);
    await say('are you there?');
    await textOf(page.getByRole('alert'), /This device is offline/);
    await page.context().setOffline(false);
    await page.getByRole('button', { name: 'Try again' }).click();
    await textOf(answers(), /are you there\?/);
    expect(await page.getByRole('article').filter({ hasText: /^You/ }).count()).toBe(1);
  });
});

describe('the conversation', () => {
  it('is kept over a reload as history that the model does not know, and is exported and cleared', async () => {
    await say('one');
    await textOf(answers(), /one/);
    await allDone(page, 2);
    await page.reload();
    await textOf(answers(), /one/);
    await say('two');
    await textOf(answers().nth(1), /two/);
    await page.getByText('the model does not know the messages above').waitFor();

    const json = await download(page, () => page.getByRole('button', { name: 'Export as JSON' }).click());
    expect(JSON.parse(json.content.toString())).toMatchObject([
      { speaker: 'person', text: 'one' },
      { speaker: 'model', text: 'one', interrupted: false },
      { speaker: 'person', text: 'two' },
      { speaker: 'model', text: 'two' },
    ]);
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByText('Write the first message').waitFor();
    await untilStored(page, 'nothing', (items) => items.length === 0);
    await page.reload();
    await page.getByText('Write the first message').waitFor();
  });

  it('is separate from the other views, which have their own histories and connections', async () => {
    await say('in writing');
    await textOf(answers(), /in writing/);
    await openPlace(page, 'Translate');
    await translateText(page, 'to translate');
    await textOf(targetPane(page), /to translate/);
    await openPlace(page, 'Interpreter');
    await page.getByText('Start the call and speak, or type').waitFor();
    await openPlace(page, 'Chat');
    expect(
      await page.getByRole('article').filter({ hasText: 'to translate' }).filter({ visible: true }).count(),
    ).toBe(0);
    await textOf(answers(), /in writing/);
  });

  it('translates when a language is chosen, and starts again with another', async () => {
    await page.getByRole('combobox', { name: 'To' }).filter({ visible: true }).selectOption('fr');
    await say('hello');
    await textOf(answers(), /hello/);
    await page.getByRole('combobox', { name: 'To' }).filter({ visible: true }).selectOption('es');
    await say('hello again');
    await textOf(answers().nth(1), /hello again/);
    await page.getByText('the model does not know the messages above').waitFor();
    expect(service.script.asked.map(({ instructions }) => /French|Spanish/.exec(instructions)?.[0])).toEqual([
      'French',
      'Spanish',
    ]);
  });

  it('takes a prompt that was typed meanwhile with the next message, and not before', async () => {
    await say('hello');
    await textOf(answers(), /hello/);
    await page.getByText('More options').click();
    await page.getByRole('textbox', { name: /^Prompt/ }).pressSequentially('Answer in verse.');
    await page.getByText('Connected', { exact: true }).first().waitFor();
    await say('hello again');
    await textOf(answers().nth(1), /hello again/);
    const verse = service.script.asked.map(({ instructions }) => instructions.includes('Answer in verse.'));
    expect(verse).toEqual([false, true]);
    await say('and again');
    await textOf(answers().nth(2), /and again/);
    expect(await page.getByText('the model does not know the messages above').count()).toBe(1);
  });
});

describe('what is written', () => {
  it('in Arabic is read from the right, and typed so', async () => {
    service.script.answer = () => 'مرحبا (نعم).';
    await say('hello');
    const answer = answers().first().locator('.body');
    await textOf(answer, /مرحبا/);
    expect(await answer.evaluate((element) => getComputedStyle(element).direction)).toBe('rtl');
    const field = page.getByRole('textbox', { name: 'Write a message' });
    await field.fill('مرحبا');
    expect(await field.evaluate((element) => getComputedStyle(element).direction)).toBe('rtl');
  });

  it('leaves the focus in the history when it is cleared', async () => {
    await say('one');
    await textOf(answers(), /one/);
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByText('Write the first message').waitFor();
    const focused = await page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
    expect(focused).toBe('History');
  });

  it('and was being answered when the page was reloaded is kept as far as it had come', async () => {
    service.script.requests.next(requestFault.hang({ after: 2 }));
    await say('one two three four');
    await textOf(answers().locator('p'), /^one two$/);
    page.on('dialog', (dialog) => void dialog.accept());
    // Text that arrives is stored within a second.
    await untilStored(page, 'one two', (items) => items.some(({ text }) => text === 'one two'));
    await page.reload();
    await textOf(answers(), /one two/);
    await textOf(answers(), /interrupted/);
  });

  it('names a language of theirs in traditional Chinese on a phone, and fits', async () => {
    const phone = await visit(browser, `${service.url}/#/chat`, {
      viewport: { width: 390, height: 844 },
      locale: 'zh-TW',
    });
    const select = phone.page.getByRole('combobox').filter({ visible: true }).first();
    expect((await select.boundingBox())?.width).toBeGreaterThan(150);
    expect(phone.browserErrors).toEqual([]);
    await phone.close();
  });
});

it('a service that only translates promises no headings, lists and code', async () => {
  const offline = await startGateway();
  const other = await visit(browser, `${offline.url}/#/chat`);
  await other.page.getByText('Each message is translated as you send it.').waitFor();
  expect(await other.page.getByText('headings, lists and code').count()).toBe(0);
  await other.close();
  await offline.close();
});

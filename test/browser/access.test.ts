/** Small windows, large type, forced colours, and the focus when something is removed. */
import { describe, expect, it } from '@jest/globals';
import type { BrowserContextOptions, Locator, Page } from 'playwright-core';
import {
  cards,
  openPlace,
  recordedFor,
  serviceKnown,
  speak,
  textOf,
  translateText,
} from '../support/browser/browser.js';
import { Shared } from '../support/browser/shared.js';

const shared = new Shared(async () => ({ wav: await speak('One.', { afterMs: 60_000 }) }));

async function open(address: string, options?: BrowserContextOptions): Promise<Page> {
  const { page } = await shared.visit(address, options);
  await serviceKnown(page);
  return page;
}

async function boxOf(locator: Locator): Promise<{ x: number; y: number; width: number; height: number }> {
  const box = await locator.boundingBox();
  if (box === null) throw new Error('the element is not shown');
  return box;
}

describe('a low window', () => {
  it.each([
    ['a page at 200 %', 720, 450],
    ['a phone on its side', 844, 390],
  ])('(%s) shows captions and the button of the call together', async (_, width, height) => {
    const page = await open('/#/interpreter', { viewport: { width, height } });
    const button = await boxOf(page.getByRole('button', { name: 'Start the call' }));
    expect(button.y + button.height).toBeLessThanOrEqual(height);
    for (const name of ['What was said', 'What is heard']) {
      const log = await boxOf(page.getByRole('log', { name }));
      expect(log.height).toBeGreaterThanOrEqual(80);
      expect(log.y + log.height).toBeLessThanOrEqual(height);
      expect(log.x + log.width).toBeLessThanOrEqual(button.x);
    }
  });

  it('with the keyboard of a phone open has the navigation above, upright the navigation is below', async () => {
    const page = await open('/', { viewport: { width: 390, height: 524 } });
    const link = page.getByRole('navigation').getByRole('link', { name: 'Chat' });
    expect((await boxOf(link)).y).toBeLessThan(60);
    await page.setViewportSize({ width: 390, height: 844 });
    expect((await boxOf(link)).y).toBeGreaterThan(760);
    await link.click();
    await page.getByRole('region', { name: 'Chat' }).waitFor();
  });
});

describe('sizes', () => {
  it('are those of the user: rem is what the browser is set to', async () => {
    const page = await open('/');
    expect(await page.evaluate(() => getComputedStyle(document.documentElement).fontSize)).toBe('16px');
  });

  it('of the controls of the frame are at least 44 pixels on a phone', async () => {
    const page = await open('/', { viewport: { width: 390, height: 844 } });
    const controls = page.locator('header button, nav a').filter({ visible: true });
    expect(await controls.count()).toBe(6);
    for (const control of await controls.all()) {
      const { width, height } = await boxOf(control);
      expect(Math.min(width, height)).toBeGreaterThanOrEqual(44);
    }
  });

  it('of both selects leave room for a language in Chinese on a phone', async () => {
    const page = await open('/#/chat', { viewport: { width: 390, height: 844 }, locale: 'zh-TW' });
    const target = await boxOf(page.getByRole('combobox', { name: '目標語言' }));
    expect(target.width).toBeGreaterThan(120);
  });
});

describe('forced colours', () => {
  /** Whether hiding what is drawn in the element changes the picture of it. */
  async function isVisible(page: Page, element: Locator, drawn: string): Promise<boolean> {
    const { x, y, width, height } = await boxOf(element);
    const clip = { x, y, width, height };
    const shown = await page.screenshot({ clip });
    await element.locator(drawn).evaluateAll((parts) => {
      for (const part of parts) (part as HTMLElement).style.visibility = 'hidden';
    });
    return !shown.equals(await page.screenshot({ clip }));
  }

  it('show the place that is open, the level and the dot of a recording, and whether a switch is on', async () => {
    const page = await open('/', { forcedColors: 'active', reducedMotion: 'reduce', bypassCSP: true });
    const colours = async (name: string) =>
      page
        .getByRole('navigation')
        .getByRole('link', { name })
        .evaluate((link) => getComputedStyle(link).backgroundColor);
    expect(await colours('Translate')).not.toBe(await colours('Chat'));

    const speech = page.getByRole('checkbox', { name: 'Spoken reply' });
    const off = await speech.screenshot();
    await speech.check();
    expect((await speech.screenshot()).equals(off)).toBe(false);

    await page.getByRole('button', { name: 'Record' }).click();
    await recordedFor(page, 1);
    expect(await isVisible(page, page.locator('.recording .row').first(), '.dot')).toBe(true);
    expect(await isVisible(page, page.getByRole('meter', { name: 'Input level' }), 'span')).toBe(true);
  });
});

describe('the focus', () => {
  const focused = (page: Page) =>
    page.evaluate(
      () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent.trim(),
    );

  it('goes to the next card when one is removed, and to the content after the last', async () => {
    const page = await open('/');
    for (const text of ['one', 'two']) {
      await translateText(page, text);
      await textOf(cards(page), new RegExp(`${text}.*${text}`));
    }
    await cards(page).first().getByRole('button', { name: 'Remove' }).click();
    await cards(page).nth(1).waitFor({ state: 'detached' });
    await textOf(cards(page), /one/);
    expect(await focused(page)).toBe('Remove');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement?.id === 'content');
  });

  it('goes back to Clear when clearing is cancelled, and to the content when nothing is left', async () => {
    const page = await open('/#/chat');
    await openPlace(page, 'Translate');
    await translateText(page, 'one');
    await textOf(cards(page), /one.*one/);
    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Export as JSON' }).waitFor();
    expect(await focused(page)).toBe('Clear');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    await page.getByText('What you translate is listed here').waitFor();
    await page.waitForFunction(() => document.activeElement?.id === 'content');
  });

  it('stays beside the search when clearing leaves what is pinned', async () => {
    const page = await open('/');
    for (const text of ['one', 'two']) {
      await translateText(page, text);
      await textOf(cards(page).first(), new RegExp(`${text}.*${text}`));
    }
    await cards(page).first().getByRole('button', { name: 'Pin', exact: true }).click();
    const clear = page.getByRole('button', { name: 'Clear', exact: true });
    await clear.click();
    await page.getByRole('alert').waitFor();
    await clear.click();
    await cards(page).nth(1).waitFor({ state: 'detached' });
    expect(await focused(page)).toBe('History');
  });
});

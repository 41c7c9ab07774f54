/** The API documentation in a real browser: it obeys the strict policy, loads from this service alone, and can try requests. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startGateway, type Running } from '../support/gateway.js';
import { launchBrowser, visit } from '../support/browser/browser.js';

let running: Running;
let browser: Browser;

beforeAll(async () => {
  running = await startGateway({ API_KEYS: 'docs-key' });
  browser = await launchBrowser('missing');
});
afterAll(async () => {
  await browser.close();
  await running.close();
});

it('shows every operation, loads nothing from other hosts, and violates no browser policy', async () => {
  const requested: string[] = [];
  const { page, browserErrors, ...visited } = await visit(browser, 'about:blank');
  page.on('request', (request) => requested.push(request.url()));
  const answer = await page.goto(`${running.url}/docs`);
  expect(answer?.headers()['content-security-policy']).not.toContain('unsafe');
  await page.getByText('Translate a text or a recording').waitFor();
  await page.getByText('Sessions', { exact: true }).first().waitFor();
  expect(await page.locator('.opblock').count()).toBeGreaterThan(12);
  expect(requested.filter((url) => !url.startsWith(running.url) && !url.startsWith('data:'))).toEqual([]);
  expect(browserErrors).toEqual([]);
  await visited.close();
});

it('tries an operation with a key', async () => {
  const { page, browserErrors, ...visited } = await visit(browser, `${running.url}/docs`);
  await page.getByRole('button', { name: 'Authorize' }).click();
  const bearer = page.locator('.auth-container').filter({ hasText: 'An API key' }).first();
  await bearer.getByLabel('auth-bearer-value').fill('docs-key');
  await bearer.getByRole('button', { name: 'Apply credentials' }).click();
  await page.getByRole('button', { name: 'Close' }).last().click();
  await page.locator('#operations-Sessions-createSession .opblock-summary-control').click();
  await page.locator('#operations-Sessions-createSession button.execute').click();
  const status = page
    .locator('#operations-Sessions-createSession .live-responses-table .response-col_status')
    .last();
  await status.filter({ hasText: '201' }).waitFor();
  expect(
    await page.locator('#operations-Sessions-createSession .live-responses-table').innerText(),
  ).toContain('connectId');
  expect(browserErrors).toEqual([]);
  await visited.close();
});

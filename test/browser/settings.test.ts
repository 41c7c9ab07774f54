/** Settings of the sound and of what is kept: devices, their tests, and bounds. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { openPlace, soundBegins, speak, textOf } from '../support/browser/browser.js';
import { Shared } from '../support/browser/shared.js';

const shared = new Shared(async () => ({ wav: await speak('The weather is fine today.', { afterMs: 500 }) }));
let page: Page;

beforeEach(async () => {
  page = await shared.open('/#/interpreter');
});

async function section(name: string): Promise<Locator> {
  await page.getByRole('button', { name: 'Settings' }).click();
  return page.getByRole('region', { name });
}

async function saySomething(text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Or type here' }).fill(text);
  await page.keyboard.press('Enter');
}

describe('the microphone', () => {
  it('is tested: its level moves, and closing the settings ends the test', async () => {
    const sound = await section('Sound');
    await sound.getByRole('button', { name: 'Test the microphone' }).click();
    const meter = sound.getByRole('meter', { name: 'Level of the microphone' });
    await meter.waitFor();
    await page.waitForFunction(
      () => Number(document.querySelector('.settings [role=meter]')?.getAttribute('aria-valuenow')) >= 3,
    );
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'Start the call' }).click();
    await page.getByRole('region', { name: 'Interpreter' }).getByText('Connected').first().waitFor();
  });

  it('is chosen by name, and the choice is used at once, also in a call', async () => {
    await page.evaluate(() => {
      const { mediaDevices } = navigator;
      const getUserMedia = mediaDevices.getUserMedia.bind(mediaDevices);
      mediaDevices.getUserMedia = (constraints) => {
        document.documentElement.dataset.asked = JSON.stringify(constraints);
        return getUserMedia(constraints);
      };
    });
    await page.getByRole('button', { name: 'Start the call' }).click();
    await page.getByRole('region', { name: 'Interpreter' }).getByText('Connected').first().waitFor();
    const asked = async () => (await page.locator('html').getAttribute('data-asked')) ?? '';
    expect(await asked()).toContain('"noiseSuppression":true');

    await page.getByRole('button', { name: 'Microphone and loudspeaker' }).click();
    const dialog = page.getByRole('dialog', { name: 'Microphone and loudspeaker' });
    await dialog.getByRole('checkbox', { name: 'Suppress noise' }).uncheck();
    await page.locator('html[data-asked*="\\"noiseSuppression\\":false"]').waitFor({ state: 'attached' });
    const microphone = dialog.getByRole('combobox', { name: 'Microphone' });
    const id = await microphone.locator('option').nth(1).getAttribute('value');
    await microphone.selectOption({ index: 1 });
    await page.locator(`html[data-asked*="${id ?? ''}"]`).waitFor({ state: 'attached' });
    await dialog.getByRole('meter').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Hang up' }).waitFor();
    await page.getByRole('button', { name: 'Mute the microphone' }).waitFor();
  });
});

describe('the loudspeaker', () => {
  it('is tested with a sound', async () => {
    await page.addInitScript(() => {
      window.Audio = class extends Audio {
        constructor() {
          super();
          this.addEventListener('ended', () => (document.documentElement.dataset.played = 'whole'));
        }
      };
    });
    await page.reload();
    const sound = await section('Sound');
    await sound.getByRole('button', { name: 'Play a test sound' }).click();
    await page.locator('html[data-played=whole]').waitFor({ state: 'attached' });
  });

  it('that was chosen and is gone is replaced by the default, and the page says so', async () => {
    await page.evaluate(() => {
      localStorage.setItem('audio-output', JSON.stringify({ deviceId: 'unplugged' }));
    });
    await page.reload();
    await textOf(page.getByRole('alert'), /loudspeaker that was chosen is gone/);
    await saySomething('hello');
    await soundBegins(page);
    await page.getByRole('button', { name: 'Dismiss' }).click();
    expect(await page.getByRole('alert').count()).toBe(0);
  });
});

describe('a loudspeaker that fails', () => {
  it('is told, and the next answer is heard with another', async () => {
    await page.addInitScript(() => {
      const OriginalContext = AudioContext;
      window.AudioContext = class extends OriginalContext {
        constructor(options?: AudioContextOptions) {
          super(options);
          // Browsers tell it so when the device of a context cannot be opened, or fails.
          addEventListener('device-fails', () => this.dispatchEvent(new Event('error')), { once: true });
        }
      };
    });
    await page.reload();
    await saySomething('Something that is long enough to be interrupted by a failure');
    await soundBegins(page);
    await page.evaluate(() => dispatchEvent(new Event('device-fails')));
    await textOf(page.getByRole('alert'), /finds no loudspeaker/);
    await page.locator('.sounding').waitFor({ state: 'detached' });
    await page.evaluate(() => window.probe.sound.splice(0));
    await saySomething('hello');
    await soundBegins(page);
  });
});

describe('what is kept', () => {
  it('is counted, bound by days, and cleared for all places', async () => {
    await saySomething('hello');
    await page.getByRole('button', { name: 'Play again' }).waitFor();
    const storage = await section('Kept in this browser');
    await storage.getByText(/2 entries, \d[\d.]*\s*kB of 500\s*MB of audio\./).waitFor();
    await storage.getByRole('combobox', { name: 'Keep entries' }).selectOption('7 days');
    await storage.getByRole('combobox', { name: 'Room for audio' }).selectOption({ index: 0 });
    await storage.getByText(/ of 50\s*MB of audio/).waitFor();
    expect(await page.evaluate(() => localStorage.getItem('history'))).toBe(
      '{"keepDays":7,"maxMegabytes":50}',
    );
    await storage.getByRole('button', { name: 'Clear' }).click();
    await storage.getByRole('button', { name: 'Clear' }).click();
    await storage.getByText(/0 entries/).waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await openPlace(page, 'Interpreter');
    expect(await page.getByRole('article').count()).toBe(0);
  });
});

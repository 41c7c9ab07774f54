/** What dies under a page: its tab, and the device of its microphone. */
import type { BrowserContext, Page } from 'playwright-core';

/** Kills the process of a tab. The command's own answer never comes. */
export async function killTab(page: Page): Promise<void> {
  const control = await page.context().newCDPSession(page);
  const crashed = page.waitForEvent('crash');
  control.send('Page.crash').catch(() => undefined);
  await crashed;
}

/** Before the page is opened: lets `unplugMicrophone` end what it records from. */
export async function installMicrophoneSwitch(target: Page | BrowserContext): Promise<void> {
  await target.addInitScript(() => {
    const { mediaDevices } = navigator;
    const getUserMedia = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = async (constraints) => {
      const stream = await getUserMedia(constraints);
      // What a browser does when the device goes: the track ends, and says so.
      Object.assign(window, {
        unplug() {
          for (const track of stream.getTracks()) {
            track.stop();
            track.dispatchEvent(new Event('ended'));
          }
        },
      });
      return stream;
    };
  });
}

export async function unplugMicrophone(page: Page): Promise<void> {
  await page.evaluate(() => {
    (window as unknown as { unplug(): void }).unplug();
  });
}

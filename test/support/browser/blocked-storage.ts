/** A browser whose user has forbidden all sites to keep data, in its own settings. */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type BrowserContext } from 'playwright-core';
import { BROWSER_PATH, QUIET } from './browser.js';

export async function launchWithoutStorage(): Promise<BrowserContext> {
  const profile = await mkdtemp(path.join(tmpdir(), 'profile-'));
  await mkdir(path.join(profile, 'Default'));
  const blocked = 2;
  await writeFile(
    path.join(profile, 'Default/Preferences'),
    JSON.stringify({ profile: { default_content_setting_values: { cookies: blocked } } }),
  );
  return chromium.launchPersistentContext(profile, {
    executablePath: BROWSER_PATH,
    args: QUIET.split(' '),
    locale: 'en',
  });
}

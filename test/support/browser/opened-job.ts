/** What a test sees of an opened job: its passages, and what its player says of itself. */
import type { Locator, Page } from 'playwright-core';

export const passages = (page: Page): Locator =>
  page.getByRole('list', { name: 'Passages' }).locator('.segment');
export const passage = (page: Page, text: RegExp | string): Locator =>
  passages(page).filter({ hasText: text });

export interface Player {
  readonly width: number;
  readonly seconds: number;
  readonly duration: number;
  readonly isPaused: boolean;
  /** `HTMLMediaElement.readyState`: for the message of a failed test. */
  readonly readyState: number | undefined;
  readonly cues: readonly string[];
  /** Those that are shown now. */
  readonly active: readonly string[];
  readonly mode: string | undefined;
}

/** What the element that plays says of itself. */
export function playerOf(page: Page): Promise<Player> {
  return page.evaluate(() => {
    const video = document.querySelector('video');
    const track = video?.textTracks[0];
    const textsOf = (cues: TextTrackCueList | null | undefined) =>
      [...((cues ?? []) as Iterable<VTTCue>)].map(({ text }) => text);
    return {
      width: video?.videoWidth ?? 0,
      seconds: video?.currentTime ?? 0,
      duration: video?.duration ?? NaN,
      isPaused: video?.paused ?? true,
      readyState: video?.readyState,
      cues: textsOf(track?.cues),
      active: textsOf(track?.activeCues),
      mode: track?.mode,
    };
  });
}

/** Resolves once the player is as wanted. */
export async function untilPlayer(
  page: Page,
  isSo: (now: Player) => boolean,
  withinMs = 15_000,
): Promise<Player> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const now = await playerOf(page);
    if (isSo(now)) return now;
    if (Date.now() > deadline) throw new Error(`The player is not as wanted: ${JSON.stringify(now)}`);
    await page.waitForTimeout(40);
  }
}

/** From the next play on, at a quarter of the speed: what is shown for 2 s is still shown when a busy machine looks. */
export async function playSlowly(page: Page): Promise<void> {
  await page.evaluate(() => {
    const slow = ({ target }: Event): void => {
      if (target instanceof HTMLVideoElement) target.playbackRate = 0.25;
    };
    document.addEventListener('play', slow, { capture: true });
  });
}

export const isWithin = (from: number, to: number) => (now: Player) =>
  now.seconds >= from && now.seconds <= to;

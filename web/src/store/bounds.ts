/** How much is kept: by number, age and bytes. */
import { isRunning, soundsOf, type Item } from './item.js';

/** Unpinned items beyond this number are removed, the oldest first. */
const MAX_ITEMS = 1_000;
const MB = 1024 * 1024;
/** A longer spoken reply (about 6 minutes) is not stored; it is kept until the page is left. */
export const MAX_STORED_REPLY_BYTES = 16 * MB;
/** No more than this share of what the browser grants. */
const QUOTA_SHARE = 0.5;
const DAY_MS = 86_400_000;

export type HistoryPreferences = {
  /** Days after which unpinned items are removed; 0: never. */
  keepDays: number;
  /** Bound of the stored audio. */
  maxMegabytes: number;
};

export interface StorageUsage {
  readonly items: number;
  readonly audioBytes: number;
  readonly maxAudioBytes: number;
}

/** @param quotaBytes that the browser grants. */
export function usageOf(
  items: readonly Item[],
  { maxMegabytes }: HistoryPreferences,
  quotaBytes: number,
): StorageUsage {
  return {
    items: items.length,
    audioBytes: items.flatMap(soundsOf).reduce((sum, { bytes }) => sum + bytes, 0),
    maxAudioBytes: Math.min(maxMegabytes * MB, quotaBytes * QUOTA_SHARE),
  };
}

/** The items that are too many or too old, of those that are neither pinned nor running. @param items oldest first. */
export function surplusOf(items: readonly Item[], { keepDays }: HistoryPreferences): Item[] {
  const oldest = keepDays > 0 ? Date.now() - keepDays * DAY_MS : 0;
  return items
    .filter((item) => !item.pinned && !isRunning(item))
    .filter((item, index) => index < items.length - MAX_ITEMS || item.createdAt < oldest);
}

/** How much text of a language fits on a line and can be read in a second, and how long a cue stays on the screen. */

export interface CueLimits {
  /** Characters of a line, as `textWidth` counts them. */
  readonly lineWidth: number;
  readonly charactersPerSecond: number;
  /** Whether a letter or digit of narrow width counts as half a character, as beside Chinese ones. */
  readonly countsWidth: boolean;
}

export const MIN_CUE_MS = 833;
export const MAX_CUE_MS = 7_007;
/** Two frames of film between two cues: without them, the change can be missed. */
export const CUE_GAP_MS = 83;
export const MAX_LINES = 2;

const DEFAULT: CueLimits = { lineWidth: 42, charactersPerSecond: 17, countsWidth: false };

/** The figures of Netflix's style guides, as Subtitle Edit encodes them. */
const BY_LANGUAGE: Readonly<Record<string, CueLimits>> = {
  en: { ...DEFAULT, charactersPerSecond: 20 },
  ar: { ...DEFAULT, charactersPerSecond: 20 },
  hi: { ...DEFAULT, charactersPerSecond: 22 },
  ja: { lineWidth: 23, charactersPerSecond: 4, countsWidth: true },
  ko: { lineWidth: 16, charactersPerSecond: 12, countsWidth: true },
  zh: { lineWidth: 16, charactersPerSecond: 9, countsWidth: true },
  th: { ...DEFAULT, lineWidth: 35 },
};

/** @param tag a BCP 47 tag; undefined or unknown: the default. */
export function cueLimits(tag: string | undefined): CueLimits {
  return BY_LANGUAGE[primaryLanguage(tag)] ?? DEFAULT;
}

/** `pt-BR` → `pt`; Cantonese and Mandarin → `zh`. */
export function primaryLanguage(tag: string | undefined): string {
  const primary = (tag ?? '').toLowerCase().split('-')[0] ?? '';
  return primary === 'yue' || primary === 'cmn' ? 'zh' : primary;
}

/** Combining marks and format characters. */
const WITHOUT_WIDTH = /[\p{Mn}\p{Cf}]/gu;
const NARROW = /[\u0020-\u024f\u2010-\u2027\uff61-\uff9f]/u;

/** The characters of a text as its language counts them. */
export function textWidth(text: string, limits: CueLimits): number {
  const characters = Array.from(text.replace(WITHOUT_WIDTH, ''));
  if (!limits.countsWidth) return characters.length;
  return characters.reduce((sum, character) => sum + (NARROW.test(character) ? 0.5 : 1), 0);
}

/** Detects the language of a text in this process, for answers whose source was not given (decision 0020). */
import type { DetectedLanguage } from './request.js';

/** More would tell little and cost time: 1 000 characters take about 25 µs. */
const MAX_CHARS = 1_000;

/** Where the words tell too little, the script does: each is written by one language of the world above all. */
const SCRIPTS: readonly (readonly [RegExp, string])[] = [
  [/[\p{Script=Hiragana}\p{Script=Katakana}]/u, 'ja'],
  [/\p{Script=Hangul}/u, 'ko'],
  [/\p{Script=Han}/u, 'zh'],
  [/\p{Script=Thai}/u, 'th'],
  [/\p{Script=Hebrew}/u, 'he'],
  [/\p{Script=Greek}/u, 'el'],
];
const SCRIPT_CONFIDENCE = 0.8;
/** A lead of a twenty-fifth of both scores together counts much. */
const LEAD_WEIGHT = 25;

/** The detector's data: 0.2 s of work and 28 MB. The process loads it at its start, so that no request waits for it. */
export function loadDetector(): Promise<typeof import('eld/extrasmall')> {
  return import('eld/extrasmall');
}

type Detect = (text: string) => { language: string; getScores(): Record<string, number> };

export class LanguageDetector {
  readonly #sources: () => Promise<readonly string[] | 'any'>;
  #loaded: Promise<{ detect: Detect; allowed: ReadonlySet<string> | undefined }> | undefined;

  /** @param sources the languages that can be translated, as BCP 47 tags; no other one is detected */
  constructor(sources: () => Promise<readonly string[] | 'any'>) {
    this.#sources = sources;
  }

  /** @returns undefined where the text does not tell, because it is a number or in no language that is known */
  async detect(text: string): Promise<DetectedLanguage | undefined> {
    this.#loaded ??= this.#load().catch((error: unknown) => {
      // The next text tries again: the engine may only be starting.
      this.#loaded = undefined;
      throw error;
    });
    const { detect, allowed } = await this.#loaded;
    const head = text.slice(0, MAX_CHARS);
    const result = detect(head);
    if (result.language !== '') return { language: result.language, confidence: confidenceOf(result) };
    const language = SCRIPTS.find(([script]) => script.test(head))?.[1];
    if (language === undefined || allowed?.has(language) === false) return undefined;
    return { language, confidence: SCRIPT_CONFIDENCE };
  }

  async #load() {
    const [{ eld }, sources] = await Promise.all([loadDetector(), this.#sources()]);
    const detector = eld.newInstance();
    if (sources === 'any') return { detect: (text: string) => detector.detect(text), allowed: undefined };
    const allowed = new Set(sources.map((tag) => new Intl.Locale(tag).language));
    detector.setLanguageSubset([...allowed]);
    return { detect: (text: string) => detector.detect(text), allowed };
  }
}

/** @param tag as the engine reports it, which is sure of it or would not. @returns undefined where it is not a BCP 47 tag */
export function toDetected(tag: string): DetectedLanguage | undefined {
  try {
    return { language: new Intl.Locale(tag).language, confidence: 1 };
  } catch {
    return undefined;
  }
}

/**
 * From 0.5 for two languages that are as likely to 1 for one without a rival. The detector's scores are no probabilities;
 * the curve is set so that of the sentences of decision 0020 about as many are right as their confidence says.
 */
function confidenceOf(result: ReturnType<Detect>): number {
  const [best = 0, second = 0] = Object.values(result.getScores());
  const lead = best === 0 ? 0 : (best - second) / (best + second);
  return Math.round(100 * (1 - 0.5 * Math.exp(-LEAD_WEIGHT * lead))) / 100;
}

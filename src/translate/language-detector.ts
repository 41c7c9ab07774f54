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

/** The detector and the languages that it may name; undefined: all that it knows. */
interface Loaded {
  readonly detect: Detect;
  readonly allowed: ReadonlySet<string> | undefined;
}

export class LanguageDetector {
  readonly #sources: () => Promise<readonly string[] | 'any'>;
  readonly #onFailure: (error: unknown) => void;
  #loaded: Loaded | undefined;
  #loading: Promise<Loaded> | undefined;

  /**
   * @param sources the languages that can be translated, as BCP 47 tags; no other one is detected
   * @param onFailure told why the languages are not known; the next text asks for them again
   */
  constructor(sources: () => Promise<readonly string[] | 'any'>, onFailure: (error: unknown) => void) {
    this.#sources = sources;
    this.#onFailure = onFailure;
  }

  /**
   * At once, but for the first texts, which wait for the data. Never rejects: a translation is worth more than the name of
   * its source.
   *
   * @returns undefined where the text does not tell, because it is a number or in no language that is known
   */
  detect(text: string): DetectedLanguage | undefined | Promise<DetectedLanguage | undefined> {
    return this.#loaded === undefined ? this.#detectOnceLoaded(text) : detectWith(this.#loaded, text);
  }

  async #detectOnceLoaded(text: string): Promise<DetectedLanguage | undefined> {
    this.#loading ??= this.#load();
    try {
      this.#loaded = await this.#loading;
    } catch (error) {
      // The engine may only be starting.
      this.#loading = undefined;
      this.#onFailure(error);
      return undefined;
    }
    return detectWith(this.#loaded, text);
  }

  async #load(): Promise<Loaded> {
    const [{ eld }, sources] = await Promise.all([loadDetector(), this.#sources()]);
    const detector = eld.newInstance();
    if (sources === 'any') return { detect: (text) => detector.detect(text), allowed: undefined };
    const allowed = new Set(sources.map((tag) => new Intl.Locale(tag).language));
    detector.setLanguageSubset([...allowed]);
    return { detect: (text) => detector.detect(text), allowed };
  }
}

function detectWith({ detect, allowed }: Loaded, text: string): DetectedLanguage | undefined {
  const head = text.length > MAX_CHARS ? text.slice(0, MAX_CHARS) : text;
  const result = detect(head);
  if (result.language !== '') return { language: result.language, confidence: confidenceOf(result) };
  const language = SCRIPTS.find(([script]) => script.test(head))?.[1];
  if (language === undefined || allowed?.has(language) === false) return undefined;
  return { language, confidence: SCRIPT_CONFIDENCE };
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

/** Text to text: sentence after sentence through the steps of a route, and which language a text is in. */
import type { Logger } from 'pino';
import {
  splitIntoSegments,
  decodeSentence,
  encodeSentence,
  readAnalysis,
  type AnalysedWord,
  type Segment,
} from './apertium-text.js';
import type { LanguagePair } from './apertium-modes.js';
import { PipelineCache } from './pipeline-cache.js';

const MAX_TRANSLATORS = 6;
const MAX_ANALYSERS = 12;
/** Sentences of one text on their way at a time: keeps every stage at work, and lets other texts in between. */
const MAX_PENDING_SENTENCES = 4;
/** So much of a text tells its language. */
const SAMPLE_LENGTH = 600;
/** Of the languages tried none knew less than nine tenths of the letters of its own text, nor half of another's. */
const MIN_KNOWN_SHARE = 0.5;

export class Apertium {
  readonly #translators: PipelineCache;
  readonly #analysers: PipelineCache;

  constructor(path?: string, logger?: Pick<Logger, 'warn'>) {
    this.#translators = new PipelineCache(MAX_TRANSLATORS, path, logger);
    this.#analysers = new PipelineCache(MAX_ANALYSERS, path, logger);
  }

  /**
   * The translation in order, a sentence with the blanks around it at a time. What the sentences become does not depend on
   * how many there are.
   * @throws PipelineLost; `signal.reason` when aborted
   */
  async *translate(
    text: string,
    steps: readonly LanguagePair[],
    signal: AbortSignal,
  ): AsyncGenerator<string, void, void> {
    const segments = splitIntoSegments(text);
    const ahead: Promise<string>[] = [];
    let next = 0;
    for (;;) {
      for (; ahead.length < MAX_PENDING_SENTENCES && next < segments.length; next += 1) {
        const segment = segments[next];
        if (segment) ahead.push(ignoreRejection(this.#translate(segment, steps)));
      }
      const first = ahead.shift();
      if (first === undefined) return;
      yield await unlessAborted(first, signal);
    }
  }

  /**
   * The language whose dictionary knows most of the text; the earlier of `pairs` where several know as much (`no`, `hotel`).
   * @param pairs one for each language that the text may be in
   * @returns undefined when no dictionary knows enough of it
   */
  async detect(
    text: string,
    pairs: readonly LanguagePair[],
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const sample = text.slice(0, SAMPLE_LENGTH);
    const shares = pairs.map(async (pair) => ({
      language: pair.source,
      share: knownShare(await this.#analyse(sample, pair)),
    }));
    let best: { language?: string; share: number } = { share: MIN_KNOWN_SHARE };
    for (const each of await unlessAborted(Promise.all(shares), signal)) {
      if (each.share > best.share) best = each;
    }
    return best.language;
  }

  /** Gives names their capitals (`monday`, `york`): words that the dictionary knows in no other way. */
  async capitalizeNames(text: string, pair: LanguagePair, signal: AbortSignal): Promise<string> {
    const words = await unlessAborted(this.#analyse(text, pair), signal);
    const unknown = words.filter(({ isKnown }) => !isKnown).map(({ word }) => capitalize(word));
    const others = await unlessAborted(this.#analyse(unknown.join(' \n'), pair), signal);
    const names = [...words.filter(({ isName }) => isName), ...others.filter(({ isKnown }) => isKnown)];
    const known = new Set(names.map(({ word }) => word.toLowerCase()));
    return text.replace(/[\p{L}']+/gu, (word) => (known.has(word) ? capitalize(word) : word));
  }

  async close(): Promise<void> {
    await Promise.all([this.#translators.close(), this.#analysers.close()]);
  }

  async #analyse(text: string, { analyser }: LanguagePair): Promise<AnalysedWord[]> {
    if (analyser === undefined) return [];
    return readAnalysis(await this.#analysers.send(analyser, encodeSentence(text.replaceAll('\0', ' '))));
  }

  async #translate({ before, sentence, after }: Segment, steps: readonly LanguagePair[]): Promise<string> {
    let words = sentence;
    if (words !== '') {
      for (const { script } of steps) {
        const answer = await this.#translators.send(script, encodeSentence(words));
        words = decodeSentence(answer, sentence);
      }
    }
    return before + words + after;
  }
}

function capitalize(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** How much of the text the dictionary knows, by letters, so that long words count for more; 0 without words. */
function knownShare(words: readonly AnalysedWord[]): number {
  const letters = (counted: readonly AnalysedWord[]): number =>
    counted.reduce((sum, { word }) => sum + (word.match(/\p{L}/gu)?.length ?? 0), 0);
  return letters(words.filter(({ isKnown }) => isKnown)) / Math.max(1, letters(words));
}

/** Its rejection is for whoever awaits it; nobody may, when the text before it was the last one wanted. */
function ignoreRejection<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** A pipeline finishes what it has begun; whoever asked need not wait for that. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', abort);
    });
  });
}

/** Translation with Apertium, sentence by sentence, and language detection with its dictionaries. */
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
import { PairGraph } from './pair-graph.js';
import { PipelineCache } from './pipeline-cache.js';

const MAX_TRANSLATORS = 6;
const MAX_ANALYSERS = 12;
/** Sentences of one text in progress at a time: keeps every stage busy, and lets other texts in between. */
const MAX_PENDING_SENTENCES = 4;
/** Characters of a text that language detection looks at. */
const SAMPLE_LENGTH = 600;
/** In trials a dictionary knew at least 0.9 of the letters in its own language, and 0.56 at most in others. */
const MIN_KNOWN_SHARE = 0.5;

export interface ApertiumOptions {
  readonly pairs: readonly LanguagePair[];
  readonly missing?: readonly string[];
  /** Where programs are searched; the PATH of this process if absent. */
  readonly path?: string | undefined;
  readonly logger?: Pick<Logger, 'warn'> | undefined;
}

export class Apertium {
  readonly missing: readonly string[];
  readonly moreLanguages = 'Debian has more pairs: apt-cache search ^apertium-';
  readonly #graph: PairGraph;
  readonly #translators: PipelineCache;
  readonly #analysers: PipelineCache;

  constructor({ pairs, missing = [], path, logger }: ApertiumOptions) {
    this.missing = missing;
    this.#graph = new PairGraph(pairs);
    this.#translators = new PipelineCache(MAX_TRANSLATORS, path, logger);
    this.#analysers = new PipelineCache(MAX_ANALYSERS, path, logger);
  }

  get sources(): readonly string[] {
    return this.#graph.sources;
  }

  targetsOf(source: string): string[] {
    return this.#graph.targetsOf(source);
  }

  chainsFrom(source: string): string[][] {
    return this.#graph.chainsFrom(source);
  }

  canTranslate(source: string, target: string): boolean {
    return this.#graph.shortestPath(source, target) !== undefined;
  }

  /**
   * Yields sentence by sentence, each with the blanks around it. The translation of a sentence does not depend on the others.
   * @throws PipelineLostError; `signal.reason` when aborted
   */
  async *translate(
    text: string,
    source: string,
    target: string,
    signal: AbortSignal,
  ): AsyncGenerator<string, void, void> {
    const steps = this.#graph.shortestPath(source, target);
    if (steps === undefined) throw new Error(`Apertium has no pairs from ${source} to ${target}.`);
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

  /** Chooses the language whose dictionary knows most of the text; several may know as much of it (`no`, `hotel`). */
  async detect(text: string, languages: readonly string[], signal: AbortSignal): Promise<string | undefined> {
    const sample = text.slice(0, SAMPLE_LENGTH);
    const shares = languages.map(async (language) => ({
      language,
      share: knownShare(await this.#analyse(sample, language)),
    }));
    let best: { language?: string; share: number } = { share: MIN_KNOWN_SHARE };
    for (const each of await unlessAborted(Promise.all(shares), signal)) {
      if (each.share > best.share) best = each;
    }
    return best.language;
  }

  /** Capitalizes words that the dictionary knows only with a capital (`monday`, `york`). */
  async capitalizeNames(text: string, language: string, signal: AbortSignal): Promise<string> {
    const words = await unlessAborted(this.#analyse(text, language), signal);
    const unknown = words.filter(({ isKnown }) => !isKnown).map(({ word }) => capitalize(word));
    const others = await unlessAborted(this.#analyse(unknown.join(' \n'), language), signal);
    const names = [...words.filter(({ isName }) => isName), ...others.filter(({ isKnown }) => isKnown)];
    const known = new Set(names.map(({ word }) => word.toLowerCase()));
    return text.replace(/[\p{L}']+/gu, (word) => (known.has(word) ? capitalize(word) : word));
  }

  async close(): Promise<void> {
    await Promise.all([this.#translators.close(), this.#analysers.close()]);
  }

  async #analyse(text: string, language: string): Promise<AnalysedWord[]> {
    const analyser = this.#graph.pairFrom(language)?.analyser;
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

/** The share of the text that the dictionary knows, by letters, so that long words count for more; 0 without words. */
function knownShare(words: readonly AnalysedWord[]): number {
  const letters = (counted: readonly AnalysedWord[]): number =>
    counted.reduce((sum, { word }) => sum + (word.match(/\p{L}/gu)?.length ?? 0), 0);
  return letters(words.filter(({ isKnown }) => isKnown)) / Math.max(1, letters(words));
}

/** Prevents an unhandled rejection where the consumer stops before it awaits the promise. */
function ignoreRejection<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** Rejects on abort without waiting for the pipeline, which finishes the sentence it has begun. */
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

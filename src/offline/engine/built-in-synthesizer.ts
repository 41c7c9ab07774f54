/** The built-in synthesizer: Flite and eSpeak NG, with a sentence for a language that neither speaks. */
import { FliteEspeak, VOICES } from './flite-espeak.js';
import { MISSING, type Inventory } from './inventory.js';
import type { LanguageNames } from './language-names.js';
import { DEFAULT_SOURCE, primaryTag } from './languages.js';
import type { Synthesizer } from './parts.js';
import type { ProgramRunner } from './process.js';
import { ResponderError } from '../server/errors.js';

export class BuiltInSynthesizer implements Synthesizer {
  readonly description = { kind: 'built-in' } as const;
  readonly missing: readonly string[];
  readonly voices: readonly string[];
  readonly #programs: ProgramRunner;
  readonly #speech: FliteEspeak;
  readonly #names: LanguageNames;
  readonly #hasEspeak: boolean;

  constructor({ speech }: Pick<Inventory, 'speech'>, programs: ProgramRunner, names: LanguageNames) {
    const { flite, espeak } = speech;
    this.#hasEspeak = espeak.size > 0;
    this.missing = [...(flite ? [] : [MISSING.english]), ...(this.#hasEspeak ? [] : [MISSING.speech])];
    this.voices = flite || this.#hasEspeak ? VOICES : [];
    this.#programs = programs;
    this.#speech = new FliteEspeak(programs, speech);
    this.#names = names;
  }

  checkLanguage(language = DEFAULT_SOURCE): void {
    if (this.#speech.speaks(language)) return;
    if (!this.#hasEspeak) {
      const part = primaryTag(language) === 'en' ? MISSING.english : MISSING.speech;
      throw new ResponderError('offline_engine_missing', part);
    }
    throw new ResponderError(
      'unsupported_language',
      `There is no offline voice for ${this.#names.nameOf(language)}. Ask for text only.`,
    );
  }

  speak(
    text: string,
    language: string | undefined,
    voice: string | undefined,
    signal: AbortSignal,
  ): AsyncIterable<Buffer> {
    return this.#speech.speak(text, language ?? DEFAULT_SOURCE, voice, signal);
  }

  close(): Promise<void> {
    return this.#programs.close();
  }
}

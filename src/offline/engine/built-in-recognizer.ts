/** The built-in recognizer: English speech, with the capitals that names need to be translated. */
import type { Apertium } from './apertium.js';
import { MISSING, type Inventory } from './inventory.js';
import type { LanguageNames } from './language-names.js';
import { primaryTag } from './languages.js';
import type { Recognizer } from './parts.js';
import { PocketSphinx } from './pocketsphinx.js';
import type { ProgramRunner } from './process.js';
import { ResponderError } from '../server/errors.js';
import type { RecognizedSpeech } from '../server/responder.js';

/** The only language whose speech is recognised. */
export const RECOGNIZED_LANGUAGE = 'en';

export class BuiltInRecognizer implements Recognizer {
  readonly description = { kind: 'built-in' } as const;
  readonly missing: readonly string[];
  readonly sources: readonly string[];
  readonly #programs: ProgramRunner;
  readonly #pocketSphinx: PocketSphinx;
  readonly #apertium: Apertium;
  readonly #names: LanguageNames;
  readonly #isInstalled: boolean;

  /** @param apertium capitalizes names; not closed with the recognizer */
  constructor(
    { recognizer }: Pick<Inventory, 'recognizer'>,
    programs: ProgramRunner,
    apertium: Apertium,
    names: LanguageNames,
  ) {
    this.#isInstalled = recognizer;
    this.missing = recognizer ? [] : [MISSING.recognition];
    this.sources = recognizer ? [RECOGNIZED_LANGUAGE] : [];
    this.#programs = programs;
    this.#pocketSphinx = new PocketSphinx(programs);
    this.#apertium = apertium;
    this.#names = names;
  }

  checkLanguage(language: string | undefined): void {
    if (language !== undefined && primaryTag(language) !== RECOGNIZED_LANGUAGE) {
      throw new ResponderError(
        'unsupported_language',
        `Offline, only speech in ${this.#names.nameOf(RECOGNIZED_LANGUAGE)} is recognised, not in ${this.#names.nameOf(language)}. Send text instead.`,
      );
    }
    if (!this.#isInstalled) throw new ResponderError('offline_engine_missing', MISSING.recognition);
  }

  async transcribe(
    pcm: Buffer,
    _language: string | undefined,
    signal: AbortSignal,
  ): Promise<RecognizedSpeech> {
    const words = await this.#pocketSphinx.transcribe(pcm, signal);
    return { text: await this.#apertium.capitalizeNames(words, RECOGNIZED_LANGUAGE, signal) };
  }

  close(): Promise<void> {
    return this.#programs.close();
  }
}

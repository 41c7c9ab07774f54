/** Text translation inside the speech engine. `createSpeechEngine` chooses the implementation; Apertium is the only one. */

export interface Translator {
  /** Languages to translate from, without region; empty when nothing is installed. */
  readonly sources: readonly string[];
  /** A sentence for each part that is not installed, with how to install it. */
  readonly missing: readonly string[];
  /** A sentence about how to add languages, for errors. */
  readonly moreLanguages: string;
  /** Targets of a direct translation, in BCP 47. */
  targetsOf(source: string): string[];
  /** Translations over pivot languages: `["en", "es", "pt"]`. */
  chainsFrom(source: string): string[][];
  /** Whether there is a direct translation or a chain; a target's region or script is ignored where it has none of its own. */
  canTranslate(source: string, target: string): boolean;
  /** Yields the translation in order, piece by piece. Throws `signal.reason` when aborted. */
  translate(
    text: string,
    source: string,
    target: string,
    signal: AbortSignal,
  ): AsyncGenerator<string, void, void>;
  /** @returns the most probable of the languages, the earlier one in a tie; undefined when the text is in none of them. */
  detect(text: string, languages: readonly string[], signal: AbortSignal): Promise<string | undefined>;
  /** Capitalizes names in a transcript, which comes from the recognizer in lower case. */
  capitalizeNames(text: string, language: string, signal: AbortSignal): Promise<string>;
  close(): Promise<void>;
}

/** The three parts of the speech engine as interfaces: each is built in, or a server that is called over HTTP. */
import type { LanguageRequest } from './languages.js';
import type { EngineCapabilities, PartDescription, RecognizedSpeech } from '../server/responder.js';

/** What every part has. */
interface EnginePart {
  readonly description: PartDescription;
  /** A sentence for each program that is not installed, with how to install it. */
  readonly missing: readonly string[];
  close(): Promise<void>;
}

/** Speech to text. */
export interface Recognizer extends EnginePart {
  /** Languages whose speech is recognised, without region. */
  readonly sources: 'any' | readonly string[];
  /** @throws ResponderError where speech in that language cannot be recognised; undefined is a language that nobody named */
  checkLanguage(language: string | undefined): void;
  /**
   * @param pcm PCM16 mono 24 kHz
   * @throws ResponderError; `signal.reason` when aborted
   */
  transcribe(pcm: Buffer, language: string | undefined, signal: AbortSignal): Promise<RecognizedSpeech>;
}

/** A text to translate, and what is known of its language. */
export interface Question {
  readonly text: string;
  readonly isSpoken: boolean;
  /** As the recognizer detected it. */
  readonly language?: string | undefined;
}

/** Languages as BCP 47 tags; undefined where nobody named one and the translator needs none. */
export interface ResolvedLanguages {
  readonly source: string | undefined;
  readonly target: string | undefined;
}

/** An earlier turn of a conversation. */
export interface Turn {
  readonly role: 'user' | 'assistant';
  readonly text: string;
}

export interface TranslatorOptions {
  /** The instructions of the session and its system items; empty where there are none. */
  readonly prompt: string;
  /** Helps to understand the text and is not translated; empty where there is none. */
  readonly context: string;
  /** Absent: the prompt asks for a translation. Else it asks for an answer, and these are the turns before the question. */
  readonly conversation?: readonly Turn[] | undefined;
  /** Called at most once, with the BCP 47 tag of the language that the translator detected. */
  readonly onDetected: (language: string) => void;
}

/** Text to text. */
export interface Translator extends EnginePart {
  capabilities(): Pick<EngineCapabilities, 'languages' | 'chains'>;
  /**
   * Determines the languages of one question from what was requested and detected.
   * @throws ResponderError `unsupported_language` where the translator cannot translate between them
   */
  resolve(requested: LanguageRequest, question: Question, signal: AbortSignal): Promise<ResolvedLanguages>;
  /** Yields the translation in pieces. @throws ResponderError; `signal.reason` when aborted */
  translate(
    text: string,
    languages: ResolvedLanguages,
    options: TranslatorOptions,
    signal: AbortSignal,
  ): AsyncIterable<string>;
}

/** Text to speech. */
export interface Synthesizer extends EnginePart {
  /** Names that `voice` may have; empty: not known, so any name is passed on. */
  readonly voices: readonly string[];
  /** @throws ResponderError where there is no voice for that language */
  checkLanguage(language: string | undefined): void;
  /** Yields speech as PCM16 mono 24 kHz. @throws ResponderError; `signal.reason` when aborted */
  speak(
    text: string,
    language: string | undefined,
    voice: string | undefined,
    signal: AbortSignal,
  ): AsyncIterable<Buffer>;
}

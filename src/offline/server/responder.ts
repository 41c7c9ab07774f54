/** What answers the requests of the offline Realtime server: the speech engine, or the script of a test. */
import type { Item, OutputKind } from '../../wire/index.js';

export interface ResponderRequest {
  responseId: string;
  output: OutputKind;
  voice: string | undefined;
  instructions: string;
  metadata: Readonly<Record<string, string>>;
  /** The whole context in order, references resolved; audio parts are PCM16 mono 24 kHz. */
  items: readonly Item[];
}

/** With audio output the speech of a sentence, as PCM16 mono 24 kHz, follows its text; later text may come in between. */
export type ResponderEvent =
  | { type: 'text'; delta: string }
  | { type: 'audio'; pcm: Buffer }
  /** The language of the question in BCP 47, where a part detected it; at most once. */
  | { type: 'detected'; language: string };

/** How a part of the engine is run, and with which model where it has one. */
export interface PartDescription {
  readonly kind: 'built-in' | 'http';
  readonly model?: string;
}

/** Whether a part can be reached. */
export interface PartCheck {
  readonly name: string;
  readonly ok: boolean;
  /** A sentence; of a failed check: what is wrong and what to do. */
  readonly detail: string;
}

export interface EngineCapabilities {
  /** Direct translations, tags in BCP 47. */
  languages: 'any' | { source: string; targets: string[] }[];
  /** Translations over pivot languages: `["en", "es", "pt"]`. */
  chains: string[][];
  /** Languages whose speech is recognised. */
  speechSources: 'any' | readonly string[];
  /** Empty: not known. */
  voices: readonly string[];
  /** Absent: the responder has no parts. */
  parts?: {
    readonly stt: PartDescription;
    readonly translator: PartDescription;
    readonly tts: PartDescription;
  };
  /** A sentence for each part that is not installed, with how to install it. */
  missing: string[];
}

/** The words of a recording. */
export interface RecognizedSpeech {
  /** Empty for silence. */
  readonly text: string;
  /** As it was detected, in BCP 47; absent: not known. */
  readonly language?: string;
}

export interface Responder {
  /** Stops promptly when the signal aborts. Throws ResponderError for failures that the client should see. */
  respond(request: ResponderRequest, signal: AbortSignal): AsyncIterable<ResponderEvent>;
  /** Returns the words in PCM16 mono 24 kHz. */
  transcribe(pcm: Buffer, language: string | undefined, signal: AbortSignal): Promise<RecognizedSpeech>;
  capabilities(): Promise<EngineCapabilities>;
  /** Whether its parts can be reached. Absent: it has none that could be out of reach. */
  checks?(): Promise<readonly PartCheck[]>;
  close(): Promise<void>;
}

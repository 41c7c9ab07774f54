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

/** All text comes first; with audio output its speech follows as PCM16 mono 24 kHz. */
export type ResponderEvent = { type: 'text'; delta: string } | { type: 'audio'; pcm: Buffer };

export interface EngineCapabilities {
  /** Direct translations, tags in BCP 47. */
  languages: { source: string; targets: string[] }[];
  /** Translations over pivot languages: `["en", "es", "pt"]`. */
  chains: string[][];
  /** Languages whose speech is recognised. */
  speechSources: string[];
  voices: string[];
  /** A sentence for each part that is not installed, with how to install it. */
  missing: string[];
}

export interface Responder {
  /** Stops promptly when the signal aborts. Throws ResponderError for failures that the client should see. */
  respond(request: ResponderRequest, signal: AbortSignal): AsyncIterable<ResponderEvent>;
  /** Returns the words in PCM16 mono 24 kHz; empty for silence. */
  transcribe(pcm: Buffer, language: string | undefined, signal: AbortSignal): Promise<string>;
  capabilities(): Promise<EngineCapabilities>;
  close(): Promise<void>;
}

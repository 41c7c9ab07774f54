/** Who answers inside the offline Realtime server: the speech engine, or the script of a test. */
import type { Item, OutputKind } from '../../wire/index.js';

export interface ResponderRequest {
  responseId: string;
  output: OutputKind;
  voice: string | undefined;
  instructions: string;
  metadata: Readonly<Record<string, string>>;
  /** The whole context in order, references resolved; audio parts hold PCM16 mono 24 kHz. */
  items: readonly Item[];
}

/** Text comes first and whole; with audio output its speech follows as PCM16 mono 24 kHz. */
export type ResponderEvent = { type: 'text'; delta: string } | { type: 'audio'; pcm: Buffer };

/** Ends a response as `failed` (code: `unsupported_language`, `offline_engine_missing`, `server_error`…) or `incomplete`. */
export class ResponderError extends Error {
  override readonly name = 'ResponderError';
  readonly code: string;
  readonly status: 'failed' | 'incomplete';

  /** For `incomplete` the code is its reason: `max_output_tokens` or `content_filter`. */
  constructor(code: string, message: string, status: 'failed' | 'incomplete' = 'failed') {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export interface EngineCapabilities {
  /** Pairs that a single step serves, tags in BCP 47. */
  languages: { source: string; targets: string[] }[];
  /** Ways of more than one step: `["en","es","pt"]`. */
  chains: string[][];
  /** Languages whose speech is understood. */
  speechSources: string[];
  voices: string[];
  /** Parts that are not installed, each a sentence that says what to install. */
  missing: string[];
}

export interface Responder {
  /** Stops promptly when the signal aborts. Throws ResponderError for what the client should be told. */
  respond(request: ResponderRequest, signal: AbortSignal): AsyncIterable<ResponderEvent>;
  /** PCM16 mono 24 kHz in, words out; empty for silence. */
  transcribe(pcm: Buffer, language: string | undefined, signal: AbortSignal): Promise<string>;
  capabilities(): Promise<EngineCapabilities>;
  close(): Promise<void>;
}

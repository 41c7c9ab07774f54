/** A translation as its callers see it: the request, its events, its result. */
import type { Recording } from '../audio/recording.js';
import type { Cancellation } from '../cancellation.js';
import type { ProfileInput } from '../session/profile.js';
import type { TranslationReport } from '../telemetry/reports.js';

export interface TranslateRequest {
  /** Opaque id of the caller, to whom sessions belong. */
  readonly owner: string;
  /** The client's name for this request, for logs; not unique. */
  readonly requestId: string;
  /** Absent: a new session is made. */
  readonly connectId?: string | undefined;
  readonly profile: ProfileInput;
  /** Helps, but is not translated. */
  readonly context?: string | undefined;
  readonly output: 'text' | 'audio';
  /** The words of a recording are wanted too; of a text they are not. */
  readonly transcript?: boolean | undefined;
  /** A recording may have any audio format; the caller removes it afterwards. */
  readonly question:
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'recording'; readonly recording: Recording; readonly uploadMs: number };
  /** Called once, when the translation has ended, however it did. */
  readonly report?: (report: TranslationReport) => void;
}

export type TranslationEvent =
  /** The response has started upstream. */
  | { type: 'started'; connectId: string }
  | { type: 'text'; delta: string }
  /** PCM16 mono 24 kHz */
  | { type: 'audio'; pcm: Buffer };

export interface TranslateOptions {
  /**
   * Cancels the translation, wherever it is: while its recording is decoded, in the queue, upstream. The caller aborts it
   * when the client disconnects, the session registry when the session is deleted; the first reason counts.
   */
  readonly abort: Cancellation;
  /**
   * Streams the translation: called with each event as it arrives, one at a time, and resolves once the event is on its way to the
   * client. Absent: only the whole result is wanted.
   */
  readonly onEvent?: ((event: TranslationEvent) => Promise<void>) | undefined;
}

/** What went wrong beside the translation, which is whole all the same. */
export interface TranslationWarning {
  /** `transcript-failed`: there is no transcript, or not of a segment. Else one of a segment. */
  code: string;
  /** Why, beginning with the code of the error. */
  detail: string;
}

export interface DetectedLanguage {
  /** BCP 47, without script and region. */
  language: string;
  /** From 0 to 1. */
  confidence: number;
}

export interface TranslationResult {
  connectId: string;
  text: string;
  responses: string[];
  source: string | null;
  target: string | null;
  /** Of the question, where no source was given and the words tell. */
  detectedSource?: DetectedLanguage | undefined;
  /** The words of a recording, if they were wanted. */
  transcript?: string | undefined;
  warnings?: TranslationWarning[] | undefined;
  /** PCM16 mono 24 kHz, with output audio. */
  audio?: Buffer | undefined;
  /** Of the transcript too. */
  usage: {
    inputTokens: number;
    outputTokens: number;
    totalTokens: number;
    /** Of a recording. */
    inputAudioMs?: number | undefined;
  };
  model: string;
  requestId: string;
  timings: {
    uploadMs?: number | undefined;
    normalizeMs?: number | undefined;
    queueMs: number;
    upstreamMs: number;
    firstDeltaMs: number;
  };
}

/** Rejects with a GatewayError, or with the reason of the abort. */
export type Translate = (request: TranslateRequest, options: TranslateOptions) => Promise<TranslationResult>;

/** A recording of any length as its callers see it: the request, its events, its result. */
import type {
  TranslateOptions,
  TranslateRequest,
  TranslationEvent,
  TranslationResult,
} from '../translate/request.js';
import type { SegmentResult, SegmentTranslation } from './segment-result.js';

export interface RecordingRequest extends TranslateRequest {
  /** BCP 47, in canonical form, the first one the profile's; absent or one: the session's alone. */
  readonly targets?: readonly string[] | undefined;
  /** Segments are wanted, however short the recording is. */
  readonly inSegments?: boolean | undefined;
}

export type RecordingEvent =
  | TranslationEvent
  /** In order; one for each target. */
  | {
      readonly type: 'segment';
      readonly segment: Pick<SegmentResult, 'index' | 'startMs' | 'endMs' | 'source'> & SegmentTranslation;
    }
  /** `totalMs` grows while the recording is still decoded; in the last both are equal. */
  | { readonly type: 'progress'; readonly processedMs: number; readonly totalMs: number };

export interface RecordingResult extends TranslationResult {
  /** Absent where the recording went as one piece. */
  readonly segmented?: {
    readonly durationMs: number;
    readonly segments: readonly SegmentResult[];
    /** The whole text in each language, in the order of the targets. */
    readonly translations: readonly SegmentTranslation[];
  };
}

export interface RecordingOptions extends Pick<TranslateOptions, 'abort'> {
  readonly onEvent?: ((event: RecordingEvent) => Promise<void>) | undefined;
  /** Called for each response that has to be paid for: how long its sound is, in milliseconds. */
  readonly onCharge?: (soundMs: number) => void;
}

/** Rejects with a GatewayError, or with the reason of the abort. */
export type TranslateRecording = (
  request: RecordingRequest,
  options: RecordingOptions,
) => Promise<RecordingResult>;

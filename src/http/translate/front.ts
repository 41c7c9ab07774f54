/** A front: one path at which translations are requested, with its own body, answers and errors. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type {
  RecordingOptions,
  RecordingRequest,
  RecordingResult,
} from '../../recordings/recording-request.js';
import type { BodyField } from '../body/fields.js';
import type { ErrorWriter } from '../problem.js';
import type { Subtitles, TextFormat } from './recording-body.js';

export interface Front {
  /** As in the route table, which does not regard case. */
  readonly path: string;
  /**
   * @param isJob whether a recording becomes a job, which has a result for each target, instead of one answer.
   * @throws GatewayError for a body that is not a valid request.
   */
  readonly parse: (
    req: IncomingMessage,
    fields: readonly BodyField[],
    uploadMs: number,
    isJob: boolean,
  ) => FrontRequest;
  /** How a request that was parsed is answered. Nothing is written before the first event, or the result. */
  readonly respond: (req: IncomingMessage, res: ServerResponse, request: FrontRequest) => FrontResponse;
  /** Whether a client may prefer a job to the answer (`Prefer: respond-async`). */
  readonly takesJobs?: true;
  /** How the route writes an error, those of its middleware included. */
  readonly error: ErrorWriter;
}

export interface FrontRequest extends RecordingRequest {
  readonly form: ResponseForm;
  /** JSON, also that at the end of a stream, has the segments too. */
  readonly isVerbose: boolean;
  readonly subtitles: Subtitles;
  /** The name that the voice was sent by, for the error about an unknown one. */
  readonly voicePointer: string;
}

/** `json` is also the form of a front that has no other. */
export type ResponseForm = 'json' | 'wav' | 'events' | TextFormat;

export interface FrontResponse {
  /** Absent: the answer is sent whole. */
  readonly onEvent?: RecordingOptions['onEvent'];
  readonly send: (result: RecordingResult) => Promise<void> | void;
  /** Ends an answer that has begun; without it, or before it has begun, `Front.error` is used. */
  readonly fail?: (error: unknown) => Promise<void>;
}

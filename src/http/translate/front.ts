/** A front: one path at which translations are requested, with its own body, answers and errors. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TranslateOptions, TranslateRequest, TranslationResult } from '../../translate/request.js';
import type { BodyField } from '../body/fields.js';
import type { ErrorWriter } from '../problem.js';

export interface Front {
  /** As in the route table, which does not regard case. */
  readonly path: string;
  /** @throws GatewayError for a body that is not a valid request. */
  readonly parse: (req: IncomingMessage, fields: readonly BodyField[], uploadMs: number) => FrontRequest;
  /** How a request that was parsed is answered. Nothing is written before the first event, or the result. */
  readonly respond: (req: IncomingMessage, res: ServerResponse, request: FrontRequest) => FrontResponse;
  /** How the route writes an error, those of its middleware included. */
  readonly error: ErrorWriter;
}

export interface FrontRequest extends TranslateRequest {
  readonly form: ResponseForm;
  /** The name that the voice was sent by, for the error about an unknown one. */
  readonly voicePointer: string;
}

/** `json` is also the form of a front that has no other. */
export type ResponseForm = 'json' | 'wav' | 'events';

export interface FrontResponse {
  /** Absent: the answer is sent whole. */
  readonly onEvent?: TranslateOptions['onEvent'];
  readonly send: (result: TranslationResult) => Promise<void> | void;
  /** Ends an answer that has begun; without it, or before it has begun, `Front.error` is used. */
  readonly fail?: (error: unknown) => Promise<void>;
}

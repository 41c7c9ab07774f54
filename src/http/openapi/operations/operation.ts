/** The shape of an operation of the OpenAPI document, and what several operations have in common. */
import type { z } from 'zod';
import type { FieldNames } from '../../body/fields.js';
import type { ProblemCode } from '../problems.js';

export interface Content {
  /** A named schema of the document; absent: text or bytes that no schema describes. */
  readonly schema?: string;
  readonly example?: unknown;
}

export interface OperationResponse {
  readonly description: string;
  readonly content?: Readonly<Record<string, Content>>;
  /** In addition to those that all its responses have. */
  readonly headers?: readonly string[];
}

export interface Operation {
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly query?: { readonly schema: z.ZodObject; readonly names?: FieldNames };
  readonly body?: { readonly required: boolean; readonly content: Readonly<Record<string, Content>> };
  readonly answers: Readonly<Record<number, OperationResponse>>;
  readonly problems: readonly ProblemCode[];
}

export const JSON_TYPE = 'application/json';
export const FORM_TYPE = 'application/x-www-form-urlencoded';
export const HTML_TYPE = 'text/html';

export const json = (schema: string, example?: unknown): Record<string, Content> => ({
  [JSON_TYPE]: { schema, ...(example !== undefined && { example }) },
});

export const IN_A_SESSION: readonly ProblemCode[] = ['session-not-found', 'store-unavailable'];
export const WITH_A_BODY: readonly ProblemCode[] = [
  'invalid-request',
  'request-timeout',
  'payload-too-large',
  'unsupported-media-type',
];

/** A frame is parsed once, looked up by its type, checked by the schema of that type, and told in three ways. */
import type { z } from 'zod';

import type { Decoded } from './dialect.js';
import type { ServerEvent } from './events.js';
import { isFields, type JsonObject, type FastDecoder } from './fast-decode.js';
import { toWireError, unsupportedValue } from './errors.js';

/** Wire type → schema that turns such a frame into a neutral event, or into undefined where we have none for it. */
export type Readers<E> = ReadonlyMap<string, z.ZodType<E | undefined>>;

/** Longer event ids are refused and not repeated. */
export const MAX_EVENT_ID_LENGTH = 512;

/** Frames of a server: what we do not know is normal and passes by. */
export function readServerFrame<E>(frame: string, readers: Readers<E>): Decoded<E> {
  const opened = parse(frame);
  return opened.kind === 'malformed' ? opened : readParsed(opened, readers);
}

function readParsed<E>(opened: ParsedFrame, readers: Readers<E>): Decoded<E> {
  const reader = readers.get(opened.type);
  return reader === undefined ? { kind: 'ignored', type: opened.type } : check(opened, reader);
}

/** Within a text its quotes would be escaped. */
const RESPONSE_ID = /"response_id"\s*:\s*"([^"\\]*)"/;

const TYPE_FIRST = /^\{"type":"([a-z_.]+)"/;

/** @returns the type of a frame that begins with it, as servers write them: known without reading the rest. */
export function typeAtHead(frame: string): string | undefined {
  return TYPE_FIRST.exec(frame)?.[1];
}

/** The frames of answers: what each is read with, and what it is tried with before. */
export interface AnswerReaders {
  readonly readers: Readers<ServerEvent>;
  /** Frames that repeat whole what came in deltas: read where none came. */
  readonly repeating: Readers<ServerEvent>;
  readonly plain: ReadonlyMap<string, FastDecoder>;
}

/**
 * The same where few of the frames are of interest: one whose first words say that it is not is never parsed, and one that
 * is as plain as nearly all are needs no schema.
 */
export function readAnswer(
  frame: string,
  { readers, repeating, plain }: AnswerReaders,
  lacksText: (responseId: string) => boolean = () => false,
): Decoded<ServerEvent> {
  const type = typeAtHead(frame);
  if (type !== undefined && !readers.has(type)) {
    const isWanted = repeating.has(type) && lacksText(RESPONSE_ID.exec(frame)?.[1] ?? '');
    if (!isWanted) return { kind: 'ignored', type };
  }
  const opened = parse(frame);
  if (opened.kind === 'malformed') return opened;
  const event = plain.get(opened.type)?.(opened.body);
  if (event !== undefined) return { kind: 'event', event };
  const { response_id: responseId } = opened.body;
  const isRepeated = repeating.has(opened.type) && typeof responseId === 'string' && lacksText(responseId);
  return readParsed(opened, isRepeated ? repeating : readers);
}

/** Frames of a client: what we do not know is refused, as the real servers do. */
export function readClientFrame<E>(frame: string | Uint8Array, readers: Readers<E>): Decoded<E> {
  const opened = parse(frame);
  if (opened.kind === 'malformed') return opened;
  const reader = readers.get(opened.type);
  if (reader !== undefined) return check(opened, reader);
  const { message, ...refusal } = unsupportedValue('type', opened.type, [...readers.keys()]);
  return { kind: 'malformed', reason: message, ...refusal, ...eventIdOf(opened.body) };
}

interface ParsedFrame {
  kind: 'opened';
  body: JsonObject;
  type: string;
}

type Malformed = Extract<Decoded<never>, { kind: 'malformed' }>;

function parse(frame: string | Uint8Array): ParsedFrame | Malformed {
  if (typeof frame !== 'string') return malformed('invalid_event', 'Binary frames are not supported.');
  let body: unknown;
  try {
    body = JSON.parse(frame);
  } catch {
    return malformed('invalid_json', 'The frame is not valid JSON.');
  }
  if (!isFields(body)) return malformed('invalid_event', 'An event must be a JSON object.');
  const { type } = body;
  if (typeof type !== 'string') {
    return { ...malformed('invalid_event', "An event must have a 'type', a string."), ...eventIdOf(body) };
  }
  return { kind: 'opened', body, type };
}

/** Whom what is wrong with it is to be told. */
function eventIdOf({ event_id: eventId }: JsonObject): { eventId?: string } {
  return typeof eventId === 'string' && eventId.length <= MAX_EVENT_ID_LENGTH ? { eventId } : {};
}

function malformed(code: string, reason: string): Malformed {
  return { kind: 'malformed', reason, code };
}

function check<E>({ body, type }: ParsedFrame, reader: z.ZodType<E | undefined>): Decoded<E> {
  const result = reader.safeParse(body);
  if (!result.success) {
    const { message, ...refusal } = toWireError(result.error, body);
    return { kind: 'malformed', reason: message, ...refusal, ...eventIdOf(body) };
  }
  return result.data === undefined ? { kind: 'ignored', type } : { kind: 'event', event: result.data };
}

/** Decodes frames: each is parsed once, looked up by its type, and checked by the schema of that type. */
import type { z } from 'zod';

import { toWireError, unsupportedValue } from './errors.js';
import type { ServerEvent } from './events.js';
import { isObject, type FastDecoder, type JsonObject } from './fast-decode.js';
import { SHARED_NAMES } from './names.js';

/**
 * Three outcomes, so that an unknown event is never taken for a broken one: unknown events are normal and ignored,
 * malformed ones are counted and logged. Neither closes a socket.
 */
export type Decoded<E> =
  | { kind: 'event'; event: E }
  /** Well-formed, but of a type that this dialect (or this project) does not read. */
  | { kind: 'ignored'; type: string; eventId?: string }
  /** `code` and `param` are what a strict server answers: `invalid_json`, `unknown_parameter`, `session.type`… */
  | { kind: 'malformed'; reason: string; code: string; param?: string; eventId?: string };

/** Wire type → schema that turns a frame of that type into a neutral event, or into undefined if there is none for it. */
export type Readers<E> = ReadonlyMap<string, z.ZodType<E | undefined>>;

/** Longer event ids are refused and not repeated. */
export const MAX_EVENT_ID_LENGTH = 512;

/** Decodes a server's frame. Unknown types are normal and ignored. */
export function readServerFrame<E>(frame: string, readers: Readers<E>): Decoded<E> {
  const parsed = parse(frame);
  return parsed.kind === 'malformed' ? parsed : readParsed(parsed, readers);
}

function readParsed<E>(parsed: ParsedFrame, readers: Readers<E>): Decoded<E> {
  const reader = readers.get(parsed.type);
  return reader === undefined ? { kind: 'ignored', type: parsed.type } : check(parsed, reader);
}

/** Cannot match inside a string, whose quotes are escaped. */
const RESPONSE_ID = /"response_id"\s*:\s*"([^"\\]*)"/;

const TYPE_FIRST = /^\{"type":"([a-z_.]+)"/;

/** @returns the type of a frame whose first field it is, as servers write them, without reading the rest. */
function typeAtHead(frame: string): string | undefined {
  return TYPE_FIRST.exec(frame)?.[1];
}

/** What `readAnswer` reads the frames of answers with. */
export interface AnswerReaders {
  readonly readers: Readers<ServerEvent>;
  /** Frames that repeat in full what came in deltas: read only if no delta came. */
  readonly repeating: Readers<ServerEvent>;
  /** Tried before the schemas. */
  readonly fast: ReadonlyMap<string, FastDecoder>;
}

/**
 * Decodes a server's frame for a caller that needs few of them: a frame whose type at its head is not among those is
 * never parsed, and one that is as simple as nearly all are needs no schema.
 */
export function readAnswer(
  frame: string,
  { readers, repeating, fast }: AnswerReaders,
  lacksText: (responseId: string) => boolean = () => false,
): Decoded<ServerEvent> {
  const type = typeAtHead(frame);
  if (type !== undefined && !readers.has(type)) {
    const isWanted = repeating.has(type) && lacksText(RESPONSE_ID.exec(frame)?.[1] ?? '');
    if (!isWanted) return { kind: 'ignored', type };
  }
  const parsed = parse(frame);
  if (parsed.kind === 'malformed') return parsed;
  const event = fast.get(parsed.type)?.(parsed.body);
  if (event !== undefined) return { kind: 'event', event };
  const { response_id: responseId } = parsed.body;
  const isRepeated = repeating.has(parsed.type) && typeof responseId === 'string' && lacksText(responseId);
  return readParsed(parsed, isRepeated ? repeating : readers);
}

/** Fields that only sessions of 2024 have, which are flat. */
const FLAT_SESSION_FIELDS = ['modalities', 'input_audio_format', 'output_audio_format'];

/** How a server writes its sessions: nested since 2025, flat in 2024. Undefined for a frame without a session. */
export function sessionShape(frame: string): 'nested' | 'flat' | undefined {
  const parsed = parse(frame);
  const session = parsed.kind === 'parsed' ? parsed.body.session : undefined;
  if (!isObject(session)) return undefined;
  return FLAT_SESSION_FIELDS.some((field) => session[field] !== undefined) ? 'flat' : 'nested';
}

export type ResponseEdge = 'begins' | 'ends' | 'fault';

const RESPONSE_EDGES: ReadonlyMap<string, ResponseEdge> = new Map([
  [SHARED_NAMES['response.started'], 'begins'],
  [SHARED_NAMES['response.finished'], 'ends'],
  [SHARED_NAMES.fault, 'fault'],
]);

/** For frames that do not begin with their type. Cannot match inside a string, whose quotes are escaped. */
const EDGE_TYPE = /"type"\s*:\s*"(response\.created|response\.done|error)"/;

/**
 * Whether a server's frame begins or ends a response, in any dialect, without parsing it: most frames are audio, and long.
 */
export function responseEdge(frame: string): ResponseEdge | undefined {
  const type = typeAtHead(frame) ?? EDGE_TYPE.exec(frame)?.[1];
  return RESPONSE_EDGES.get(type ?? '');
}

/** Decodes a client's frame. Unknown types are refused, as the real servers do. */
export function readClientFrame<E>(frame: string | Uint8Array, readers: Readers<E>): Decoded<E> {
  const parsed = parse(frame);
  if (parsed.kind === 'malformed') return parsed;
  const reader = readers.get(parsed.type);
  if (reader !== undefined) return check(parsed, reader);
  const { message, ...error } = unsupportedValue('type', parsed.type, [...readers.keys()]);
  return { kind: 'malformed', reason: message, ...error, ...eventIdOf(parsed.body) };
}

interface ParsedFrame {
  kind: 'parsed';
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
  if (!isObject(body)) return malformed('invalid_event', 'An event must be a JSON object.');
  const { type } = body;
  if (typeof type !== 'string') {
    return { ...malformed('invalid_event', "An event must have a 'type', a string."), ...eventIdOf(body) };
  }
  return { kind: 'parsed', body, type };
}

/** The id under which the sender expects to learn what is wrong with its event. */
function eventIdOf({ event_id: eventId }: JsonObject): { eventId?: string } {
  return typeof eventId === 'string' && eventId.length <= MAX_EVENT_ID_LENGTH ? { eventId } : {};
}

function malformed(code: string, reason: string): Malformed {
  return { kind: 'malformed', reason, code };
}

function check<E>({ body, type }: ParsedFrame, reader: z.ZodType<E | undefined>): Decoded<E> {
  const result = reader.safeParse(body);
  if (!result.success) {
    const { message, ...error } = toWireError(result.error, body);
    return { kind: 'malformed', reason: message, ...error, ...eventIdOf(body) };
  }
  return result.data === undefined
    ? { kind: 'ignored', type, ...eventIdOf(body) }
    : { kind: 'event', event: result.data };
}

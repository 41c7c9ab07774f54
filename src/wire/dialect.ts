import type { z } from 'zod';
import type { ClientEvent, ServerEvent } from './events.js';

/**
 * Three outcomes, so that "not my vocabulary" is never "broken": unknown events are normal and pass by,
 * malformed ones are counted and logged. Neither closes a socket.
 */
export type Decoded<E> =
  | { kind: 'event'; event: E }
  /** Well-formed, but of a type this dialect (or this project) does not speak. */
  | { kind: 'ignored'; type: string; eventId?: string }
  /** `code` and `param` are what a strict server answers: `invalid_json`, `unknown_parameter`, `session.type`… */
  | { kind: 'malformed'; reason: string; code: string; param?: string; eventId?: string };

export type DialectName = 'ga' | 'preview';

/**
 * One revision of the Realtime protocol. Symmetric: what `encodeClient` writes `decodeClient` reads,
 * so the offline server is the mirror of the client and round trips test themselves.
 */
export interface Dialect {
  readonly name: DialectName;
  /** Headers of the upgrade request that select this dialect. */
  readonly headers: Readonly<Record<string, string>>;
  /** Many responses at a time beside the default conversation, each with an input of its own. */
  readonly outOfBand: boolean;
  /** Says when an item is whole (`item.done`), not only that it was added. */
  readonly finishesItems: boolean;
  /** What each side says, by the names on the wire: the schemas that frames are read with, for those who describe them. */
  readonly vocabulary: {
    readonly client: ReadonlyMap<string, z.ZodType<ClientEvent | undefined>>;
    readonly server: ReadonlyMap<string, z.ZodType<ServerEvent | undefined>>;
  };
  encodeClient(event: ClientEvent): string;
  /** The same for the socket: bytes, which nobody has to go through once more, where it carries a recording. */
  encodeClientFrame(event: ClientEvent): string | Buffer;
  /** @param frame its text, whatever kind of frame it came in */
  decodeServer(frame: string): Decoded<ServerEvent>;
  /**
   * The same for whoever only waits for answers to self-contained requests. What tells of items and parts, which is
   * most of what a server sends, is ignored by the type at its head and not parsed; responses come without what they
   * say about their settings.
   *
   * @param lacksText whether no delta of a response has come: only then what is said whole at the end of a text, a part or
   *   an item is read. Absent: never.
   */
  decodeAnswer(frame: string, lacksText?: (responseId: string) => boolean): Decoded<ServerEvent>;
  /** Undefined where the dialect has no such event (`item.done` in preview). A server event gets an id of its own. */
  encodeServer(event: ServerEvent): string | undefined;
  /**
   * Strict, as the real servers are: an unknown field, a wrong type or a field of the other dialect is malformed. Bytes stand
   * for a binary frame, which is malformed, too.
   */
  decodeClient(frame: string | Uint8Array): Decoded<ClientEvent>;
}

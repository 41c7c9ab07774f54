/** A dialect of the Realtime protocol: a table of names and three codecs, and what is made of them. */
import type { z } from 'zod';

import { readAnswer, readClientFrame, readServerFrame, type Decoded, type Readers } from './decode.js';
import { encodeFrame } from './encode.js';
import type { ClientEvent, ResponseRequest, ResponseView, ServerEvent, TurnDetection } from './events.js';
import type { SessionSettings, SessionView } from './events.js';
import type { ServerEventNames } from './names.js';
import { clientReaders, writeClientEvent } from './shared/client-events.js';
import type { AssistantParts } from './shared/items.js';
import type { WriteAudio } from './shared/samples.js';
import { answerReaders, serverReaders } from './shared/server-readers.js';
import { writeServerEvent } from './shared/server-writers.js';
import type { DecodedSession } from './shared/session-parts.js';

/** What the servers of a dialect can do, as far as it concerns those that are not OpenAI's. */
export interface DialectAbilities {
  /** What keeps a server from answering by itself; null where turn detection can be switched off. */
  readonly mutedTurnDetection: TurnDetection | null;
  /** Sound in the input of a response is heard by servers that hold no prompt items. */
  readonly hearsInput: boolean;
}

/**
 * All that tells one dialect from another; every other field of every event is read and written once for all. `write…`
 * gives JSON, `strict…` reads what a client sends, as the real servers do, `loose…` what a server sends.
 */
export interface DialectSpec<Name extends string = string> extends DialectAbilities {
  /** Writes settings whose input has another rate than 24 kHz; null where a session cannot declare one. */
  readonly declareRate: ((settings: SessionSettings, rate: number) => object) | null;
  readonly name: Name;
  /** Headers of the upgrade request that select this dialect. */
  readonly headers: Readonly<Record<string, string>>;
  readonly names: ServerEventNames;
  readonly parts: AssistantParts<string, string>;
  readonly session: {
    writeSettings(session: SessionSettings): object;
    writeView(session: SessionView): object;
    readonly strictSettings: z.ZodType<DecodedSession>;
    readonly looseView: z.ZodType<SessionView>;
  };
  readonly response: {
    writeRequest(request: ResponseRequest, writeAudio: WriteAudio): object;
    writeResponse(response: ResponseView): object;
    readonly strictRequest: z.ZodType<ResponseRequest>;
    /** @param unsaid the status of a response whose server leaves it out */
    looseResponse(unsaid: 'in_progress' | 'completed'): z.ZodType<ResponseView>;
  };
}

/**
 * Symmetric: `decodeClient` reads what `encodeClient` writes, so that the offline server is the mirror of the client and
 * round trips test themselves.
 */
export interface DialectOf<Name extends string> extends DialectAbilities {
  /** A session can declare the sampling rate of its sound. */
  readonly declaresRate: boolean;
  readonly name: Name;
  readonly headers: Readonly<Record<string, string>>;
  /** Reports when an item is complete (`item.done`), not only that it was added. */
  readonly finishesItems: boolean;
  /** The schemas that frames are read with, by their names on the wire: for descriptions of the service. */
  readonly vocabulary: { readonly client: Readers<ClientEvent>; readonly server: Readers<ServerEvent> };
  encodeClient(event: ClientEvent): string;
  /** The same for the socket: bytes if the event carries a recording, so that its base64 is not encoded as text once more. */
  encodeClientFrame(event: ClientEvent): string | Buffer;
  /** @param frame its text, whether it came in a text or in a binary frame */
  decodeServer(frame: string): Decoded<ServerEvent>;
  /** @returns what decodes events of these types alone; all others are ignored, by the type at their head if it is there. */
  decoderOf(types: ReadonlySet<ServerEvent['type']>): (frame: string) => Decoded<ServerEvent>;
  /**
   * Decodes only what a self-contained request is answered with. Events about items and parts, which are most of what a
   * server sends, are ignored by the type at their head and not parsed; responses come without their settings.
   *
   * @param lacksText whether no delta of a response has come: only then are the events read that give a text, a part or an
   *   item in full at its end. Absent: never.
   */
  decodeAnswer(frame: string, lacksText?: (responseId: string) => boolean): Decoded<ServerEvent>;
  /** Undefined if the dialect has no such event (`item.done` in preview). Every frame gets an event id of its own. */
  encodeServer(event: ServerEvent): string | undefined;
  /**
   * Strict, as the real servers are: an unknown field, a wrong type or a field of another dialect is malformed.
   *
   * @param frame bytes stand for a binary frame, which is malformed too
   */
  decodeClient(frame: string | Uint8Array): Decoded<ClientEvent>;
}

export function createDialect<Name extends string>(spec: DialectSpec<Name>): DialectOf<Name> {
  const client = clientReaders(spec);
  const server = serverReaders(spec);
  const answers = answerReaders(spec.names, server);
  const write = (event: ClientEvent, writeAudio?: WriteAudio): object => {
    const written = writeClientEvent(spec, event, writeAudio);
    if (event.type !== 'session.configure' || event.session.inputRate === undefined) return written;
    const { inputRate, ...settings } = event.session;
    return {
      ...written,
      session: spec.declareRate?.(settings, inputRate) ?? spec.session.writeSettings(settings),
    };
  };
  return {
    name: spec.name,
    headers: spec.headers,
    declaresRate: spec.declareRate !== null,
    mutedTurnDetection: spec.mutedTurnDetection,
    hearsInput: spec.hearsInput,
    finishesItems: spec.names['item.done'] !== undefined,
    vocabulary: { client, server },
    encodeClient: (event) => JSON.stringify(write(event)),
    encodeClientFrame: (event) => encodeFrame((writeAudio) => write(event, writeAudio)),
    decodeServer: (frame) => readServerFrame(frame, server),
    decoderOf: (types) => {
      const names = new Set([...types].map((type) => spec.names[type]));
      const readers = new Map([...server].filter(([name]) => names.has(name)));
      return (frame) => readAnswer(frame, { readers, repeating: new Map(), fast: new Map() });
    },
    decodeAnswer: (frame, lacksText) => readAnswer(frame, answers, lacksText),
    encodeServer: (event) => {
      const written = writeServerEvent(spec, event);
      return written && JSON.stringify(written);
    },
    decodeClient: (frame) => readClientFrame(frame, client),
  };
}

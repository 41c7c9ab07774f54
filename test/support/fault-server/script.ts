/** A script in the place of the speech engine: fixed answers, faults on demand, and a record of all that came. */
import type { ClientEvent, Item, ServerEvent } from '../../../src/wire/index.js';
import type { ConnectionFault } from './connection-faults.js';
import type {
  PeerClose,
  Handshake,
  HandshakeRefusal,
  ServerHooks,
  Peer,
} from '../../../src/offline/server/hooks.js';
import { BYTES_PER_MS } from '../../../src/audio/pcm.js';
import { FaultPlan } from './fault-plan.js';
import type { RequestFault } from './request-faults.js';
import type {
  Responder,
  EngineCapabilities,
  ResponderEvent,
  ResponderRequest,
} from '../../../src/offline/server/responder.js';
import { ScriptSocket, type CreateEvent, type InFlight } from './script-socket.js';

export interface ScriptOptions {
  /** What is answered, told word by word. Default: the last text of the request, or `N ms of audio`. */
  answer?: (request: ResponderRequest) => string | Promise<string>;
  /** PCM16 mono 24 kHz of an answer, for audio output. Default: a tone of 50 ms per character. */
  speech?: (text: string) => Buffer;
  /** What a recording is heard as. Default: `N ms of audio`. */
  transcript?: (pcm: Buffer) => string;
  /** Default true; a benchmark keeps no frames. */
  record?: boolean;
}

/** What a rule of `script.requests` may look at. */
export interface ScriptRequest {
  /** Number of the socket. */
  readonly connection: number;
  /** Of this request among all, from 1. */
  readonly number: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** The last text in the request's own input. */
  readonly text: string;
  readonly event: CreateEvent;
}

const TONE = Buffer.from(
  new Int16Array(60).map((_, sample) => 8_000 * Math.sin((2 * Math.PI * sample) / 60)).buffer,
);
const MS_PER_CHARACTER = 50;

/** Give it to the server twice: `startOfflineServer({ responder: script, hooks: script, … })`. */
export class Script implements Responder, ServerHooks {
  /** May be changed while the server runs. */
  answer: NonNullable<ScriptOptions['answer']>;
  transcript: NonNullable<ScriptOptions['transcript']>;
  /** Faults of whole connections, settled at the upgrade. */
  readonly connections = new FaultPlan<Handshake, ConnectionFault>();
  /** Faults of single responses, settled when `response.create` arrives. */
  readonly requests = new FaultPlan<ScriptRequest, RequestFault>();
  /** Every upgrade tried, refused ones too. */
  readonly handshakes: Handshake[] = [];
  /** Every socket that was accepted. */
  readonly sockets: ScriptSocket[] = [];
  /** What the answers were asked for: the context of each response, references resolved. */
  readonly asked: ResponderRequest[] = [];
  readonly #speech: (text: string) => Buffer;
  readonly #record: boolean;
  readonly #byPeer = new Map<Peer, ScriptSocket>();
  readonly #accepted = new Map<Handshake, ConnectionFault | undefined>();
  readonly #faultyAnswers = new Map<string, { fault: RequestFault; peer: Peer }>();
  readonly #waiters = new Set<() => void>();
  #requestCount = 0;
  #answering = 0;
  /** The request being served right now, until its response starts: the server does both in one go. */
  #serving: InFlight | undefined;

  constructor(options: ScriptOptions = {}) {
    this.answer = options.answer ?? ((request) => lastWords(request.items));
    this.transcript = options.transcript ?? heard;
    this.#speech =
      options.speech ?? ((text) => Buffer.alloc(text.length * MS_PER_CHARACTER * BYTES_PER_MS, TONE));
    this.#record = options.record ?? true;
  }

  /** Sockets open now. */
  get open(): ScriptSocket[] {
    return this.sockets.filter((socket) => socket.open);
  }

  /** Requests that arrived. */
  get requestCount(): number {
    return this.#requestCount;
  }

  /** Answers under way; zero once every response has ended or lost its socket. */
  get answering(): number {
    return this.#answering;
  }

  /** Settles when the condition over this record holds, looked at after each thing that happens. Rejects when it never does. */
  until(condition: () => boolean, withinMs = 20_000): Promise<void> {
    if (condition()) return Promise.resolve();
    const tooLate = new Error(`This did not happen within ${withinMs} ms: ${String(condition)}`);
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (!condition()) return;
        settle();
        resolve();
      };
      const timer = setTimeout(() => {
        settle();
        reject(tooLate);
      }, withinMs);
      const settle = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(look);
      };
      this.#waiters.add(look);
    });
  }

  handshake(handshake: Handshake): HandshakeRefusal | undefined {
    const fault = this.connections.take(handshake);
    this.handshakes.push(handshake);
    if (fault?.refusal === undefined) this.#accepted.set(handshake, fault);
    this.#changed();
    return fault?.refusal;
  }

  opened(peer: Peer, start: () => void): void {
    const fault = this.#accepted.get(peer.handshake);
    this.#accepted.delete(peer.handshake);
    const socket = new ScriptSocket(peer, fault);
    this.sockets.push(socket);
    this.#byPeer.set(peer, socket);
    if (fault?.opened) fault.opened(peer, start);
    else start();
    this.#changed();
  }

  received(peer: Peer, frame: string, event: ClientEvent | undefined, serve: () => void): void {
    const socket = this.#byPeer.get(peer);
    if (socket === undefined) return;
    if (this.#record) {
      socket.frames.push(frame);
      if (event) socket.events.push(event);
    }
    const proceed = (): void => {
      if (event?.type === 'response.create') this.#begin(peer, socket, event, serve);
      else if (event?.type !== 'response.cancel' || !ignoresCancel(socket, event.responseId)) serve();
    };
    if (socket.fault?.received) socket.fault.received(peer, event, proceed);
    else proceed();
    this.#changed();
  }

  sending(peer: Peer, event: ServerEvent, send: (event: ServerEvent) => void): void {
    const socket = this.#byPeer.get(peer);
    if (socket === undefined) return;
    if (event.type === 'response.started') this.#bind(peer, socket, event.response.id);
    const responseId = responseOf(event);
    const request = responseId === undefined ? undefined : socket.request(responseId);
    const pass = (passed: ServerEvent): void => {
      if (socket.fault?.sending) socket.fault.sending(peer, passed, send);
      else send(passed);
    };
    if (request?.fault?.sending) request.fault.sending(peer, event, pass);
    else pass(event);
    if (event.type === 'response.finished') {
      socket.finish(event.response.id);
      this.#changed();
    }
  }

  silenced(): void {
    this.#changed();
  }

  closed(peer: Peer, close: PeerClose): void {
    this.#byPeer.get(peer)?.end(close);
    this.#byPeer.delete(peer);
    this.#changed();
  }

  async *respond(request: ResponderRequest, signal: AbortSignal): AsyncGenerator<ResponderEvent, void, void> {
    this.#answering += 1;
    if (this.#record) this.asked.push(request);
    const faulty = this.#faultyAnswers.get(request.responseId);
    this.#faultyAnswers.delete(request.responseId);
    try {
      const whole = this.#whole(request);
      yield* faulty?.fault.answer?.(faulty.peer, whole, signal) ?? whole;
    } finally {
      this.#answering -= 1;
      this.#changed();
    }
  }

  transcribe(pcm: Buffer): Promise<{ text: string }> {
    return Promise.resolve({ text: this.transcript(pcm) });
  }

  capabilities(): Promise<EngineCapabilities> {
    return Promise.resolve({ languages: [], chains: [], speechSources: [], voices: [], missing: [] });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async *#whole(request: ResponderRequest): AsyncGenerator<ResponderEvent, void, void> {
    const text = await this.answer(request);
    for (const [delta] of text.matchAll(/\s*\S+\s*$|\s*\S+/g)) yield { type: 'text', delta };
    if (request.output === 'audio' && text !== '') yield { type: 'audio', pcm: this.#speech(text) };
  }

  #begin(peer: Peer, socket: ScriptSocket, event: CreateEvent, serve: () => void): void {
    this.#requestCount += 1;
    const { metadata = {}, input = [] } = event.response;
    const items = input.flatMap((entry) => ('reference' in entry ? [] : entry));
    const text = lastText(items) ?? '';
    const subject = { connection: socket.number, number: this.#requestCount, metadata, text, event };
    const request: InFlight = { event, fault: this.requests.take(subject) };
    socket.begin(request);
    const go = (): void => {
      this.#serving = request;
      serve();
      if (this.#serving === request) socket.refuse(request);
      this.#serving = undefined;
    };
    const refusal = request.fault?.refusal?.(event);
    if (refusal) {
      peer.send(refusal);
      if (refusal.causedBy !== undefined) socket.refuse(request);
    } else if (request.fault?.received) request.fault.received(peer, event, go);
    else go();
  }

  /** Responses that the server starts by itself, after speech, are in flight too. */
  #bind(peer: Peer, socket: ScriptSocket, responseId: string): void {
    const request: InFlight = this.#serving ?? { event: undefined, fault: undefined };
    if (this.#serving === undefined) socket.begin(request);
    this.#serving = undefined;
    socket.bind(responseId, request);
    if (request.fault?.answer) this.#faultyAnswers.set(responseId, { fault: request.fault, peer });
  }

  #changed(): void {
    for (const look of this.#waiters) look();
  }
}

function ignoresCancel(socket: ScriptSocket, responseId: string | undefined): boolean {
  return responseId !== undefined && socket.request(responseId)?.fault?.ignoresCancel === true;
}

function responseOf(event: ServerEvent): string | undefined {
  if ('response' in event) return event.response.id;
  return 'responseId' in event ? event.responseId : undefined;
}

function lastText(items: readonly Item[]): string | undefined {
  const part = items.at(-1)?.parts.at(-1);
  return part?.type === 'text' ? part.text : undefined;
}

function lastWords(items: readonly Item[]): string {
  const part = items.at(-1)?.parts.at(-1);
  if (part?.type === 'audio') return part.transcript ?? heard(part.audio ?? Buffer.alloc(0));
  return part?.text ?? '';
}

function heard(pcm: Buffer): string {
  return `${Math.round(pcm.length / BYTES_PER_MS)} ms of audio`;
}

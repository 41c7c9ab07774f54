/**
 * Turns that are not interrupted: what is said while a response runs waits, and each turn is answered to its end, in order.
 *
 * Servers that create responses by themselves drop a turn that ends while a response is running (OpenAI: "this may fail to
 * create a response if the model is already responding"). So upstream detects turns but creates no response, and the queue
 * asks for each one when the former has ended.
 */
import { randomBytes } from 'node:crypto';
import type {
  ClientEvent,
  Fault,
  Item,
  ResponseRequest,
  ResponseView,
  ServerEvent,
  SessionView,
  TurnDetection,
} from '../wire/index.js';
import { ContextItems } from './context-items.js';

/** Server events that the queue follows; all others may pass unread. */
export const FOLLOWED_EVENTS: ReadonlySet<ServerEvent['type']> = new Set([
  'session.updated',
  'speech.stopped',
  'buffer.committed',
  'item.added',
  'item.deleted',
  'response.started',
  'response.finished',
  'fault',
]);

/** Minutes of speech; a client that speaks faster than it is answered for longer is told so. */
const MAX_WAITING = 100;
/** Of events of the client that wait. They may contain recordings. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** How long upstream may take to begin a response that it was asked for. */
const START_TIMEOUT_MS = 10_000;
const ACTIVE_RESPONSE = 'conversation_already_has_active_response';

type ClientEventOf<T extends ClientEvent['type']> = Extract<ClientEvent, { type: T }>;

/** A response that is to be asked for. */
interface Turn {
  readonly eventId: string | undefined;
  /** When it joined the conversation, among its items. */
  readonly place: number;
  /** The item of what was said; absent for a response that the client asks for. */
  readonly itemId?: string;
  readonly request: ResponseRequest;
  /** Memory that it holds while it waits. */
  readonly bytes: number;
}

/** A turn that upstream was asked to answer. */
interface AskedTurn extends Turn {
  /** The queue named the items to answer, which not every server takes. */
  readonly namesItems: boolean;
}

export interface TurnQueueOptions {
  /** Speech interrupts the running response, unless the client's turn detection says otherwise. */
  readonly interrupts: boolean;
  /** Sends an event upstream. */
  readonly send: (event: ClientEvent) => void;
  /** Tells the client what went wrong. */
  readonly report: (fault: Fault) => void;
  /** Upstream is not being read, so that the beginning of a response may wait unseen. */
  readonly isUpstreamPaused: () => boolean;
  /** Changed by tests only. */
  readonly startTimeoutMs?: number | undefined;
}

/** What becomes of a client's event: it passes as it is, another one is sent in its place, or it is held. */
export type ClientOutcome = 'pass' | 'held' | ClientEvent;
/** What the client sees of an upstream event: the frame as it is, nothing, or another event. */
export type ServerOutcome = 'pass' | 'hidden' | ServerEvent;

export class TurnQueue {
  readonly #options: TurnQueueOptions;
  /** Upstream creates no responses, because this queue does. */
  #queues: boolean;
  /** The client's turn detection creates responses; upstream's own setting says nothing of it while the queue does. */
  #wantsResponses = true;
  #waiting: Turn[] = [];
  #waitingBytes = 0;
  /** Asked for, and not begun. */
  #asked: AskedTurn | undefined;
  #startTimer: NodeJS.Timeout | undefined;
  /** The place of the turn that is being answered. */
  #answering = Infinity;
  /** Responses that write to the conversation, by id: one at most, where upstream keeps to the protocol. */
  readonly #running = new Set<string>();
  readonly #context = new ContextItems();
  /** The item of speech that has ended, until it is committed. */
  #spokenItemId: string | undefined;
  #asksOutOfBand = false;
  #namesItems = true;

  constructor(options: TurnQueueOptions) {
    this.#options = options;
    this.#queues = !options.interrupts;
  }

  /** A turn waits, or is about to be answered. */
  get isBusy(): boolean {
    return this.#asked !== undefined || this.#waiting.length > 0;
  }

  /** Forgets everything, because the conversation ends. May be called twice. */
  close(): void {
    clearTimeout(this.#startTimer);
    this.#asked = undefined;
    this.#waiting = [];
  }

  /** The session as the client asked for it. */
  shownSession(session: SessionView): SessionView {
    const { turnDetection } = session;
    if (!this.#queues || turnDetection == null) return session;
    return { ...session, turnDetection: { ...turnDetection, createResponse: true } };
  }

  /** @param bytes of its frame */
  onClientEvent(event: ClientEvent, bytes: number): ClientOutcome {
    switch (event.type) {
      case 'session.configure':
        return this.#onConfigure(event);
      case 'item.create':
        return this.#onItemCreate(event);
      case 'response.create':
        return this.#onResponseCreate(event, bytes);
      default:
        return 'pass';
    }
  }

  onServerEvent(event: ServerEvent): ServerOutcome {
    switch (event.type) {
      case 'session.updated':
        return this.#onUpdated(event.session);
      case 'speech.stopped':
        this.#spokenItemId = event.itemId;
        return 'pass';
      case 'buffer.committed':
        this.#onCommitted(event.itemId);
        return 'pass';
      case 'item.added':
        this.#onItem(event.item);
        return 'pass';
      case 'item.deleted':
        this.#context.delete(event.itemId);
        this.#waiting = this.#waiting.filter(({ itemId }) => itemId !== event.itemId);
        return 'pass';
      case 'response.started':
        this.#onStarted(event.response);
        return 'pass';
      case 'response.finished':
        this.#onFinished(event.response);
        return 'pass';
      case 'fault':
        return this.#onFault(event);
      default:
        return 'pass';
    }
  }

  /** A turn detection that does not interrupt must not create responses either: the queue does. */
  #onConfigure(event: ClientEventOf<'session.configure'>): ClientOutcome {
    const { turnDetection } = event.session;
    if (turnDetection == null) return 'pass';
    this.#wantsResponses = turnDetection.createResponse !== false;
    if (turnDetection.interruptResponse ?? this.#options.interrupts) return 'pass';
    const queued: TurnDetection = { ...turnDetection, createResponse: false, interruptResponse: false };
    return { ...event, session: { ...event.session, turnDetection: queued } };
  }

  /** Settings hold from the moment that upstream confirms them, in the order of its other events. */
  #onUpdated(session: SessionView): ServerOutcome {
    const { turnDetection } = session;
    if (turnDetection === undefined) return 'pass';
    const isQuiet = turnDetection?.createResponse === false && turnDetection.interruptResponse === false;
    this.#queues = isQuiet && this.#wantsResponses;
    return this.#queues ? { type: 'session.updated', session: this.shownSession(session) } : 'pass';
  }

  /** An item needs an id, by which a response that has waited is asked for. */
  #onItemCreate(event: ClientEventOf<'item.create'>): ClientOutcome {
    if (!this.#queues && event.item.id === undefined) return 'pass';
    const { id = makeId('item') } = event.item;
    this.#context.add(id, event.previousItemId);
    return event.item.id === undefined ? { ...event, item: { ...event.item, id } } : 'pass';
  }

  #onResponseCreate(event: ClientEventOf<'response.create'>, bytes: number): ClientOutcome {
    if (event.response.conversation === 'none') {
      this.#asksOutOfBand = true;
      return 'pass';
    }
    if (!this.#queues && !this.isBusy) return 'pass';
    const turn: Turn = {
      eventId: event.eventId,
      place: this.#context.next(),
      request: event.response,
      bytes,
    };
    if (this.#isIdle) {
      this.#expectStart({ ...turn, namesItems: false });
      return 'pass';
    }
    this.#enqueue(turn);
    return 'held';
  }

  #onCommitted(itemId: string): void {
    const place = this.#context.add(itemId);
    if (this.#spokenItemId !== itemId) return; // committed by the client, which asks for the response itself
    this.#spokenItemId = undefined;
    if (!this.#queues) return;
    this.#enqueue({ eventId: makeId('turn'), place, itemId, request: {}, bytes: 0 });
  }

  /** An answer stands behind what it answers, whatever was said meanwhile. */
  #onItem({ id, role }: Item): void {
    if (id !== undefined && role === 'assistant') this.#context.addAnswer(id, this.#answering);
  }

  #onStarted(response: ResponseView): void {
    if (this.#isOutOfBand(response)) return;
    this.#running.add(response.id);
    this.#answering = this.#asked?.place ?? Infinity;
    this.#endStart();
  }

  #onFinished(response: ResponseView): void {
    if (!this.#running.delete(response.id)) {
      if (this.#isOutOfBand(response)) return;
      this.#endStart(); // ended without a beginning
    }
    this.#advance();
  }

  /** Only once the client has asked for one: some servers never name a conversation. */
  #isOutOfBand({ conversationId }: ResponseView): boolean {
    return this.#asksOutOfBand && conversationId === null;
  }

  #onFault(fault: Fault): ServerOutcome {
    const isOfTurn = fault.causedBy?.startsWith('turn_') === true;
    const asked = this.#asked;
    const isUnnamed = (fault.causedBy ?? '') === '';
    if (fault.code === ACTIVE_RESPONSE && (isOfTurn || (isUnnamed && asked?.itemId !== undefined))) {
      // Another response runs. If one has begun since this was asked for, upstream answers turns by itself after all.
      if (asked !== undefined && this.#running.size > 0) {
        this.#waiting.unshift(asked);
        this.#waitingBytes += asked.bytes;
      }
      this.#endStart();
      this.#advance();
      return 'hidden';
    }
    if (asked?.eventId === undefined || fault.causedBy !== asked.eventId) return 'pass';
    this.#endStart();
    if (asked.namesItems) {
      if (fault.code === 'unknown_parameter') this.#namesItems = false;
      this.#ask(asked, false);
      return 'hidden';
    }
    this.#advance();
    return 'pass';
  }

  #enqueue(turn: Turn): void {
    const bytes = this.#waitingBytes + turn.bytes;
    if (this.#waiting.length >= MAX_WAITING || bytes > MAX_WAITING_BYTES) {
      this.#options.report({
        type: 'fault',
        kind: 'invalid_request_error',
        code: 'too_many_waiting_responses',
        message: `Too much waits to be answered: at most ${MAX_WAITING} turns and ${MAX_WAITING_BYTES} bytes. Wait for an answer first.`,
        ...(turn.itemId === undefined && turn.eventId !== undefined && { causedBy: turn.eventId }),
      });
      return;
    }
    this.#waiting.push(turn);
    this.#waitingBytes = bytes;
    this.#advance();
  }

  get #isIdle(): boolean {
    return this.#running.size === 0 && !this.isBusy;
  }

  /** The only place that asks for the next response. */
  #advance(): void {
    if (this.#asked !== undefined || this.#running.size > 0) return;
    const turn = this.#waiting.shift();
    if (turn === undefined) return;
    this.#waitingBytes -= turn.bytes;
    this.#ask(turn);
  }

  /**
   * @param namesItems what was said up to the turn, because what was said after it has a turn of its own; else upstream
   *   answers the conversation as it stands
   */
  #ask(turn: Turn, namesItems = this.#namesItems): void {
    const { eventId, request, place } = turn;
    const isNamed = namesItems && request.input === undefined;
    this.#expectStart({ ...turn, namesItems: isNamed });
    this.#options.send({
      type: 'response.create',
      ...(eventId !== undefined && { eventId }),
      response: { ...request, ...(isNamed && { input: this.#context.until(place) }) },
    });
  }

  #expectStart(turn: AskedTurn): void {
    this.#asked = turn;
    this.#startTimer = setTimeout(() => {
      this.#onStartTimeout(turn);
    }, this.#options.startTimeoutMs ?? START_TIMEOUT_MS);
  }

  #endStart(): void {
    clearTimeout(this.#startTimer);
    this.#asked = undefined;
  }

  #onStartTimeout(turn: AskedTurn): void {
    this.#endStart();
    if (this.#options.isUpstreamPaused()) {
      this.#expectStart(turn);
      return;
    }
    this.#options.report({
      type: 'fault',
      kind: 'server_error',
      code: 'response_not_started',
      message: 'The provider did not begin to answer in time. Say it again.',
      ...(turn.itemId === undefined && turn.eventId !== undefined && { causedBy: turn.eventId }),
    });
    this.#advance();
  }
}

/** At most 32 characters, prefix included. */
function makeId(prefix: 'turn' | 'item'): string {
  return `${prefix}_${randomBytes(12).toString('hex')}`;
}

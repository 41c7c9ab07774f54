/**
 * Who gets which event of a shared socket. Our id comes first (`metadata.request_id`, `error.event_id`),
 * theirs second: `response.created` ties the response's id to it, and every later event is routed by that.
 */
import { randomBytes } from 'node:crypto';
import type { Fault, ResponseView, ServerEvent, Usage } from '../wire/index.js';
import { refusedRequest } from './failure.js';
import type { PendingResponse } from './response.js';

export interface Entry {
  readonly requestId: string;
  /** Undefined once it is over: tables that held the entry may keep it for long (see Bag), but not the request. */
  pending: PendingResponse | undefined;
  responseId: string | undefined;
  /** Set once nobody waits any more: the slot stays taken until upstream is done, or this runs out. */
  farewell: NodeJS.Timeout | undefined;
}

export interface DemuxActions {
  /** Ask upstream to end a response. */
  cancel(responseId: string, requestId: string): void;
  /** A response ended that was asked for here. */
  spent(usage: Usage): void;
  /** A slot became free. */
  released(): void;
  /** Upstream would not even begin: what the request referred to may be missing. */
  refused(pending: PendingResponse): void;
  /** Upstream ignored a cancellation: the socket is not to be trusted with new work. */
  unresponsive(): void;
  /** An error that names no request of ours. */
  stray(fault: Fault): void;
}

export class Demux {
  readonly #actions: DemuxActions;
  readonly #cancelGraceMs: number;
  /** What its ids begin with: they are told apart from those of all other sockets and processes. */
  readonly #prefix = `req_${randomBytes(12).toString('hex')}_`;
  #count = 0;
  readonly #byRequest = new Map<string, Entry>();
  readonly #byResponse = new Map<string, Entry>();

  constructor(actions: DemuxActions, cancelGraceMs: number) {
    this.#actions = actions;
    this.#cancelGraceMs = cancelGraceMs;
  }

  get size(): number {
    return this.#byRequest.size;
  }

  /** A fresh id for each attempt, so that a late answer to an earlier one finds nobody. */
  add(pending: PendingResponse): Entry {
    this.#count += 1;
    const entry: Entry = {
      requestId: `${this.#prefix}${this.#count}`,
      pending,
      responseId: undefined,
      farewell: undefined,
    };
    this.#byRequest.set(entry.requestId, entry);
    return entry;
  }

  /** Nobody waits for it any more: cancel it upstream, at once or as soon as its id is known. */
  abandon(pending: PendingResponse): void {
    const entry = this.#byRequest.get(pending.upstreamId ?? '');
    if (entry?.pending !== pending || entry.farewell !== undefined) return;
    entry.farewell = setTimeout(() => {
      this.#remove(entry);
      this.#actions.unresponsive();
    }, this.#cancelGraceMs);
    if (entry.responseId !== undefined) this.#actions.cancel(entry.responseId, entry.requestId);
  }

  route(event: ServerEvent): void {
    switch (event.type) {
      case 'response.started':
        this.#start(event.response);
        return;
      case 'text.delta':
      case 'transcript.delta':
        this.#byResponse.get(event.responseId)?.pending?.textDelta(event.delta);
        return;
      case 'audio.delta':
        this.#byResponse.get(event.responseId)?.pending?.audioDelta(event.audio);
        return;
      case 'response.finished':
        this.#finish(event.response);
        return;
      case 'fault':
        this.#fault(event);
        return;
      default:
        // Everything else tells of items and parts, which say nothing that the deltas do not.
        return;
    }
  }

  /** Empties the books; the requests that still wait for an answer are handed back. */
  clear(): PendingResponse[] {
    const entries = [...this.#byRequest.values()];
    this.#byRequest.clear();
    this.#byResponse.clear();
    for (const entry of entries) clearTimeout(entry.farewell);
    return entries.flatMap(({ pending }) => (pending?.settled === false ? [pending] : []));
  }

  #start(response: ResponseView): void {
    const entry = this.#byRequest.get(response.metadata?.request_id ?? '');
    if (entry === undefined) {
      // Not ours to wait for: an attempt given up long ago. Its tokens need not be spent.
      this.#actions.cancel(response.id, 'unknown');
      return;
    }
    entry.responseId = response.id;
    this.#byResponse.set(response.id, entry);
    if (entry.farewell === undefined) entry.pending?.started();
    else this.#actions.cancel(response.id, entry.requestId);
  }

  #finish(response: ResponseView): void {
    const entry =
      this.#byResponse.get(response.id) ?? this.#byRequest.get(response.metadata?.request_id ?? '');
    if (entry === undefined) return;
    const pending = this.#remove(entry);
    if (response.usage !== undefined) this.#actions.spent(response.usage);
    pending?.finish(response);
    this.#actions.released();
  }

  #fault(fault: Fault): void {
    // A cancellation is named after its request: refused means there was nothing left to cancel.
    const requestId = fault.causedBy?.replace(/^cancel_/, '') ?? '';
    const entry = this.#byRequest.get(requestId);
    if (entry === undefined) {
      this.#actions.stray(fault);
      return;
    }
    const pending = this.#remove(entry);
    if (pending !== undefined && fault.causedBy === entry.requestId) this.#actions.refused(pending);
    pending?.fail(refusedRequest(fault));
    this.#actions.released();
  }

  /** @returns the request that it was for */
  #remove(entry: Entry): PendingResponse | undefined {
    const { pending } = entry;
    clearTimeout(entry.farewell);
    this.#byRequest.delete(entry.requestId);
    if (entry.responseId !== undefined) this.#byResponse.delete(entry.responseId);
    entry.pending = undefined;
    return pending;
  }
}

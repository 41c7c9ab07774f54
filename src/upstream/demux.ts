/**
 * Who gets which event of a shared socket. Our id comes first (`metadata.request_id`, `error.event_id`),
 * theirs second: `response.created` ties the response's id to it, and every later event is routed by that.
 */
import { randomBytes } from 'node:crypto';
import type { GatewayError } from '../errors.js';
import type { Fault, ResponseView, ServerEvent, Usage } from '../wire/index.js';
import {
  concernsNoRequest,
  requestRejected,
  responseError,
  unnamedRefusal,
  untaggedResponse,
} from './errors.js';
import type { RateLimits } from './rate-limits.js';
import type { PendingResponse } from './pending-response.js';

export interface RoutedRequest {
  readonly requestId: string;
  /** Undefined once it is over: tables that held the entry may keep it for long (see Bag), but not the request. */
  pending: PendingResponse | undefined;
  responseId: string | undefined;
  /** Set once nobody waits any more: the slot stays taken until upstream is done, or this runs out. */
  cancelTimer: NodeJS.Timeout | undefined;
  /** What is to be its voice; undefined for text. The empty string is the provider's default. */
  readonly voice: string | undefined;
  /** An error that named no request may have been the answer to this one; cleared by the next sign of life. */
  suspected: GatewayError | undefined;
}

export interface DemuxActions {
  /** Ask upstream to end a response. */
  cancel(responseId: string, requestId: string): void;
  /** A response ended that was asked for here. */
  onUsage(usage: Usage): void;
  /** A slot became free. */
  onSlotFree(): void;
  /** Upstream would not even begin: what the request referred to may be missing. */
  onRejected(pending: PendingResponse, fault: Fault): void;
  /** Upstream ignored a cancellation: the socket is not to be trusted with new work. */
  onUnresponsive(): void;
  /** An error that names no request of ours. */
  onUnmatchedError(fault: Fault): void;
  /** Upstream does what no server should; the operator is to read of it. */
  warn(message: string, fault?: Fault): void;
}

/** How long a request may stay silent after an error that may have been the answer to it. */
const SUSPICION_MS = 3_000;

export class Demux {
  readonly #actions: DemuxActions;
  readonly #cancelGraceMs: number;
  /** What its ids begin with: they are told apart from those of all other sockets and processes. */
  readonly #prefix = `req_${randomBytes(12).toString('hex')}_`;
  #count = 0;
  readonly #byRequest = new Map<string, RoutedRequest>();
  readonly #byResponse = new Map<string, RoutedRequest>();
  readonly #limits: RateLimits;
  #spoken: string | undefined;
  #suspicion: NodeJS.Timeout | undefined;

  constructor(actions: DemuxActions, limits: RateLimits, cancelGraceMs: number) {
    this.#actions = actions;
    this.#limits = limits;
    this.#cancelGraceMs = cancelGraceMs;
  }

  get size(): number {
    return this.#byRequest.size;
  }

  /**
   * What upstream has spoken with, which is fixed from then on; until then what is asked for by those that run. A voice that
   * was refused is not kept.
   */
  get voice(): string | undefined {
    if (this.#spoken !== undefined) return this.#spoken;
    for (const { voice } of this.#byRequest.values()) if (voice !== undefined) return voice;
    return undefined;
  }

  /** Whether a part or an item of this response that is said whole is of interest: nobody needs it after a delta. */
  readonly lacksText = (responseId: string): boolean =>
    this.#byResponse.get(responseId)?.pending?.lacksText === true;

  /** A fresh id for each attempt, so that a late answer to an earlier one finds nobody. */
  add(pending: PendingResponse): RoutedRequest {
    this.#count += 1;
    const { output, voice = '' } = pending.request;
    const entry: RoutedRequest = {
      requestId: `${this.#prefix}${this.#count}`,
      pending,
      responseId: undefined,
      cancelTimer: undefined,
      voice: output === 'audio' ? voice : undefined,
      suspected: undefined,
    };
    this.#byRequest.set(entry.requestId, entry);
    return entry;
  }

  /** Nobody waits for it any more: cancel it upstream, at once or as soon as its id is known. */
  abandon(pending: PendingResponse): void {
    const entry = this.#byRequest.get(pending.upstreamId ?? '');
    if (entry?.pending !== pending || entry.cancelTimer !== undefined) return;
    entry.cancelTimer = setTimeout(() => {
      this.#remove(entry);
      this.#actions.onUnresponsive();
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
        this.#living(event.responseId)?.pending?.textDelta(event.delta);
        return;
      case 'audio.delta':
        this.#sound(event.responseId, event.audio);
        return;
      case 'text.done':
      case 'transcript.done':
        this.#living(event.responseId)?.pending?.wholePart(event, { type: 'text', text: event.text });
        return;
      case 'part.done':
        this.#living(event.responseId)?.pending?.wholePart(event, event.part);
        return;
      case 'output.done':
        this.#living(event.responseId)?.pending?.wholeItem(event.outputIndex, event.item);
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
    for (const entry of entries) clearTimeout(entry.cancelTimer);
    this.#endSuspicion();
    return entries.flatMap(({ pending }) => (pending?.settled === false ? [pending] : []));
  }

  /** An entry whose response has just said something. */
  #living(responseId: string): RoutedRequest | undefined {
    const entry = this.#byResponse.get(responseId);
    if (entry !== undefined) entry.suspected = undefined;
    return entry;
  }

  #sound(responseId: string, pcm: Buffer): void {
    const entry = this.#living(responseId);
    this.#spoken ??= entry?.voice;
    entry?.pending?.audioDelta(pcm);
  }

  #start(response: ResponseView): void {
    const requestId = response.metadata?.request_id;
    const entry = this.#byRequest.get(requestId ?? '');
    if (entry === undefined) {
      // Not ours to wait for: an attempt given up long ago. Its tokens need not be spent.
      this.#actions.cancel(response.id, 'unknown');
      if (requestId === undefined) this.#untagged();
      return;
    }
    entry.suspected = undefined;
    entry.responseId = response.id;
    this.#byResponse.set(response.id, entry);
    if (entry.cancelTimer === undefined) entry.pending?.started();
    else this.#actions.cancel(response.id, entry.requestId);
  }

  #finish(response: ResponseView): void {
    const entry =
      this.#byResponse.get(response.id) ?? this.#byRequest.get(response.metadata?.request_id ?? '');
    if (entry === undefined) return;
    const pending = this.#remove(entry);
    if (response.usage !== undefined) this.#actions.onUsage(response.usage);
    pending?.finish(response, responseError(response, this.#limits));
    this.#actions.onSlotFree();
  }

  /** It could be the response of any request that waits for one. No order is promised, so none of them gets it. */
  #untagged(): void {
    const waiting = this.#waiting();
    if (waiting.length === 0) return;
    this.#actions.warn(
      'upstream does not return the metadata of a response; whose answer it is cannot be told',
    );
    for (const entry of waiting) this.#fail(entry, untaggedResponse());
  }

  #fault(fault: Fault): void {
    if ((fault.causedBy ?? '') === '' && this.size > 0 && !concernsNoRequest(fault)) {
      this.#unnamed(fault);
      return;
    }
    // A cancellation is named after its request: refused means there was nothing left to cancel.
    const requestId = fault.causedBy?.replace(/^cancel_/, '') ?? '';
    const entry = this.#byRequest.get(requestId);
    if (entry === undefined) {
      this.#actions.onUnmatchedError(fault);
      return;
    }
    const pending = this.#remove(entry);
    if (pending !== undefined && fault.causedBy === entry.requestId) this.#actions.onRejected(pending, fault);
    pending?.fail(requestRejected(fault, this.#limits));
    this.#actions.onSlotFree();
  }

  /**
   * An error that names no request. Where only one runs, and waits for its response, it is the answer to that. Otherwise it is
   * not known whether it ends one, and which: those that say nothing more for some seconds have ended with it.
   */
  #unnamed(fault: Fault): void {
    const error = unnamedRefusal(fault, this.#limits);
    const [only, ...others] = this.#byRequest.values();
    if (only !== undefined && others.length === 0 && only.responseId === undefined) {
      this.#actions.warn('upstream error that names no request; it ends the only one that runs', fault);
      if (only.pending !== undefined) this.#actions.onRejected(only.pending, fault);
      this.#fail(only, error);
      return;
    }
    this.#actions.warn('upstream error that names no request; those that stay silent now are ended', fault);
    if (this.#suspicion !== undefined) return;
    const waiting = this.#waiting();
    const suspects = waiting.length > 0 ? waiting : [...this.#byRequest.values()];
    for (const entry of suspects) entry.suspected = error;
    this.#suspicion = setTimeout(() => {
      this.#suspicion = undefined;
      for (const entry of suspects) if (entry.suspected !== undefined) this.#fail(entry, error);
    }, SUSPICION_MS);
  }

  #endSuspicion(): void {
    clearTimeout(this.#suspicion);
    this.#suspicion = undefined;
  }

  /** Those whose response has not started, except for those that nobody waits for any more. */
  #waiting(): RoutedRequest[] {
    return [...this.#byRequest.values()].filter(
      ({ responseId, cancelTimer }) => responseId === undefined && cancelTimer === undefined,
    );
  }

  /** Ends a request that upstream did not end. A response that has started keeps its slot until it is cancelled. */
  #fail(entry: RoutedRequest, error: GatewayError): void {
    if (entry.responseId !== undefined) {
      entry.pending?.fail(error);
      return;
    }
    const pending = this.#remove(entry);
    pending?.fail(error);
    this.#actions.onSlotFree();
  }

  /** @returns the request that it was for */
  #remove(entry: RoutedRequest): PendingResponse | undefined {
    const { pending } = entry;
    clearTimeout(entry.cancelTimer);
    this.#byRequest.delete(entry.requestId);
    if (entry.responseId !== undefined) this.#byResponse.delete(entry.responseId);
    entry.pending = undefined;
    entry.suspected = undefined;
    if (this.size === 0) this.#endSuspicion();
    return pending;
  }
}

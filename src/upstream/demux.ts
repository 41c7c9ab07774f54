/**
 * Routes the events of a shared socket to the requests that run on it. Our id comes first (`metadata.request_id`,
 * `error.event_id`), theirs second: `response.created` ties the response's id to it, and later events are routed by that.
 */
import { randomBytes } from 'node:crypto';
import type { GatewayError } from '../errors.js';
import type { Fault, ResponseView, ServerEvent, Usage } from '../wire/index.js';
import {
  concernsNoRequest,
  requestRejected,
  responseError,
  unnamedRejection,
  untaggedResponse,
} from './errors.js';
import type { PendingResponse } from './pending-response.js';
import type { RateLimits } from './rate-limits.js';

interface RoutedRequest {
  readonly requestId: string;
  /** Undefined once it has ended: tables may keep the entry for long (see Bag), but not the request. */
  pending: PendingResponse | undefined;
  responseId: string | undefined;
  /** Set once the request has been abandoned: its slot stays taken until upstream is done, or this expires. */
  cancelTimer: NodeJS.Timeout | undefined;
  /** An error that names no request may have been the answer to this one; cleared by its next event. */
  suspectedError: GatewayError | undefined;
}

export interface DemuxActions {
  /** Cancels a response upstream. */
  cancel(responseId: string, requestId: string): void;
  /** A response that was requested here ended. */
  onUsage(usage: Usage): void;
  onSlotFree(): void;
  /** Upstream refused a request before its response: the item that it refers to may be missing. */
  onRejected(pending: PendingResponse, fault: Fault): void;
  /** Upstream ignored a cancellation: the socket is not to be trusted with new requests. */
  onUnresponsive(): void;
  /** An error that belongs to none of the requests. */
  onUnmatchedError(fault: Fault): void;
  /** Upstream violates the protocol, which the operator should read in the log. */
  warn(message: string, fault?: Fault): void;
}

/** How long a request may stay silent after an error that may have been the answer to it. */
const SUSPICION_MS = 3_000;

export class Demux {
  readonly #actions: DemuxActions;
  readonly #limits: RateLimits;
  readonly #cancelGraceMs: number;
  /** Makes the request ids differ from those of all other sockets and processes. */
  readonly #prefix = `req_${randomBytes(12).toString('hex')}_`;
  #count = 0;
  readonly #byRequest = new Map<string, RoutedRequest>();
  readonly #byResponse = new Map<string, RoutedRequest>();
  #spokenVoice: string | undefined;
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
   * The voice that upstream has spoken with, which is fixed from then on; until then the one that a running request
   * asks for. A voice that was refused is not kept.
   */
  get voice(): string | undefined {
    if (this.#spokenVoice !== undefined) return this.#spokenVoice;
    for (const { pending } of this.#byRequest.values())
      if (pending?.voiceLock !== undefined) return pending.voiceLock;
    return undefined;
  }

  /** Whether complete parts and items of this response have to be read, because no delta of it has arrived. */
  readonly lacksText = (responseId: string): boolean =>
    this.#byResponse.get(responseId)?.pending?.lacksText === true;

  /** @returns the id of this attempt, so that a late answer to an earlier one matches no request */
  add(pending: PendingResponse): string {
    this.#count += 1;
    const requestId = `${this.#prefix}${this.#count}`;
    this.#byRequest.set(requestId, {
      requestId,
      pending,
      responseId: undefined,
      cancelTimer: undefined,
      suspectedError: undefined,
    });
    return requestId;
  }

  /** Cancels a request that has settled: at once, or as soon as the id of its response is known. */
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
        this.#onStarted(event.response);
        return;
      case 'text.delta':
      case 'transcript.delta':
        this.#find(event.responseId)?.pending?.textDelta(event.delta);
        return;
      case 'audio.delta':
        this.#onAudio(event.responseId, event.audio);
        return;
      case 'text.done':
      case 'transcript.done':
        this.#find(event.responseId)?.pending?.wholePart(event, { type: 'text', text: event.text });
        return;
      case 'part.done':
        this.#find(event.responseId)?.pending?.wholePart(event, event.part);
        return;
      case 'output.done':
        this.#find(event.responseId)?.pending?.wholeItem(event.outputIndex, event.item);
        return;
      case 'response.finished':
        this.#onFinished(event.response);
        return;
      case 'fault':
        this.#onFault(event);
        return;
      default:
        // All other events are about items and parts, and repeat what the deltas contain.
        return;
    }
  }

  /** Removes all requests, and returns those that have not settled. */
  clear(): PendingResponse[] {
    const entries = [...this.#byRequest.values()];
    this.#byRequest.clear();
    this.#byResponse.clear();
    for (const entry of entries) clearTimeout(entry.cancelTimer);
    this.#endSuspicion();
    return entries.flatMap(({ pending }) => (pending?.settled === false ? [pending] : []));
  }

  /** The entry of a response that has just sent an event. */
  #find(responseId: string): RoutedRequest | undefined {
    const entry = this.#byResponse.get(responseId);
    if (entry !== undefined) entry.suspectedError = undefined;
    return entry;
  }

  #onAudio(responseId: string, pcm: Buffer): void {
    const pending = this.#find(responseId)?.pending;
    this.#spokenVoice ??= pending?.voiceLock;
    pending?.audioDelta(pcm);
  }

  #onStarted(response: ResponseView): void {
    const requestId = response.metadata?.request_id;
    const entry = this.#byRequest.get(requestId ?? '');
    if (entry === undefined) {
      // Of an attempt that was given up long ago: cancelled, so that it costs no more tokens.
      this.#actions.cancel(response.id, 'unknown');
      if (requestId === undefined) this.#failUnstarted();
      return;
    }
    entry.suspectedError = undefined;
    entry.responseId = response.id;
    this.#byResponse.set(response.id, entry);
    if (entry.cancelTimer === undefined) entry.pending?.started();
    else this.#actions.cancel(response.id, entry.requestId);
  }

  #onFinished(response: ResponseView): void {
    const entry =
      this.#byResponse.get(response.id) ?? this.#byRequest.get(response.metadata?.request_id ?? '');
    if (entry === undefined) return;
    const pending = this.#remove(entry);
    if (response.usage !== undefined) this.#actions.onUsage(response.usage);
    pending?.finish(response, responseError(response, this.#limits));
    this.#actions.onSlotFree();
  }

  /**
   * A response without our metadata could be that of any request whose response has not started. No order is promised,
   * so all of them fail.
   */
  #failUnstarted(): void {
    const unstarted = this.#unstarted();
    if (unstarted.length === 0) return;
    this.#actions.warn('upstream does not return the metadata of a response, so it matches no request');
    for (const entry of unstarted) this.#fail(entry, untaggedResponse());
  }

  #onFault(fault: Fault): void {
    if ((fault.causedBy ?? '') === '' && this.size > 0 && !concernsNoRequest(fault)) {
      this.#onUnnamedFault(fault);
      return;
    }
    // A cancellation's id contains that of its request; if it is refused there was nothing left to cancel.
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
   * An error that names no request. Where only one runs and its response has not started, it is the answer to that one.
   * Otherwise it may have ended any of them, or none: those that stay silent for some seconds fail with it.
   */
  #onUnnamedFault(fault: Fault): void {
    const error = unnamedRejection(fault, this.#limits);
    const [only, ...others] = this.#byRequest.values();
    if (only !== undefined && others.length === 0 && only.responseId === undefined) {
      this.#actions.warn('upstream error that names no request; the only one that runs fails', fault);
      if (only.pending !== undefined) this.#actions.onRejected(only.pending, fault);
      this.#fail(only, error);
      return;
    }
    this.#actions.warn('upstream error that names no request; those that stay silent will fail', fault);
    if (this.#suspicion !== undefined) return;
    const unstarted = this.#unstarted();
    const suspects = unstarted.length > 0 ? unstarted : [...this.#byRequest.values()];
    for (const entry of suspects) entry.suspectedError = error;
    this.#suspicion = setTimeout(() => {
      this.#suspicion = undefined;
      for (const entry of suspects) if (entry.suspectedError !== undefined) this.#fail(entry, error);
    }, SUSPICION_MS);
  }

  #endSuspicion(): void {
    clearTimeout(this.#suspicion);
    this.#suspicion = undefined;
  }

  /** Those whose response has not started, without those that were abandoned. */
  #unstarted(): RoutedRequest[] {
    return [...this.#byRequest.values()].filter(
      ({ responseId, cancelTimer }) => responseId === undefined && cancelTimer === undefined,
    );
  }

  /** Fails a request that upstream did not end. A response that has started keeps its slot until it is cancelled. */
  #fail(entry: RoutedRequest, error: GatewayError): void {
    if (entry.responseId !== undefined) {
      entry.pending?.fail(error);
      return;
    }
    this.#remove(entry)?.fail(error);
    this.#actions.onSlotFree();
  }

  #remove(entry: RoutedRequest): PendingResponse | undefined {
    const { pending } = entry;
    clearTimeout(entry.cancelTimer);
    this.#byRequest.delete(entry.requestId);
    if (entry.responseId !== undefined) this.#byResponse.delete(entry.responseId);
    entry.pending = undefined;
    entry.suspectedError = undefined;
    if (this.size === 0) this.#endSuspicion();
    return pending;
  }
}

/** One request alone on its socket: from what is sent for it until nothing of it is left there. */
import { responseError, requestRejected, unnamedRefusal } from '../errors.js';
import type { PendingResponse } from '../pending-response.js';
import type { ClientEvent, Fault, ResponseView, ServerEvent } from '../../wire/index.js';
import type { RouterSetup } from './isolation.js';
import type { ExchangePlan, SpeechHabit } from './plan.js';

/** `committed`: a recording was sent, and upstream answers by itself or has to be asked once it has heard it. */
type Stage = 'committed' | 'asked' | 'answering' | 'cancelling' | 'sweeping' | 'ended';

/** How long a completed response may follow an error that names no event of ours; its events give it as long again. */
const SUSPICION_MS = 2_000;
/** How long upstream may take to acknowledge that items were deleted. */
const SWEEP_MS = 5_000;
/** How long a response that comes by itself may follow what was heard, while it is not known whether any does. */
const UNASKED_MS = 500;
/** How long a transcript may follow its item, where it is not known whether upstream transcribes. */
const TRANSCRIPT_MS = 3_000;
/** Between attempts while upstream says that another response is running. */
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 1_000;

/** Why a socket cannot be used again. */
const UNUSABLE = {
  cancelled: 'upstream did not end a cancelled response; the socket is replaced',
  failed: 'upstream failed a request; the socket is replaced, because what is left on it is not known',
  unswept: 'upstream did not delete the items of a request; the socket is replaced',
} as const;

export class Exchange {
  readonly #pending: PendingResponse;
  readonly #requestId: string;
  readonly #plan: ExchangePlan;
  readonly #setup: RouterSetup;
  readonly #habit: SpeechHabit;
  /** Calls back once: the slot is free. */
  readonly #onEnded: (unusable?: string) => void;
  #stage: Stage = 'asked';
  #responseId: string | undefined;
  /** Every item that the request left in the conversation, ours and upstream's. */
  readonly #itemIds = new Set<string>();
  /** Of the stage: until upstream is asked, has cancelled, or has deleted. */
  #timer: NodeJS.Timeout | undefined;
  #suspicion: { readonly fault: Fault; timer: NodeJS.Timeout } | undefined;
  #retryMs = FIRST_RETRY_MS;

  constructor(
    pending: PendingResponse,
    requestId: string,
    plan: ExchangePlan,
    habit: SpeechHabit,
    setup: RouterSetup,
    onEnded: (unusable?: string) => void,
  ) {
    this.#pending = pending;
    this.#requestId = requestId;
    this.#plan = plan;
    this.#habit = habit;
    this.#setup = setup;
    this.#onEnded = onEnded;
  }

  get pending(): PendingResponse {
    return this.#pending;
  }

  /** Sends everything up to the first answer that has to be waited for. */
  start(): void {
    const opening = this.#plan.opening(this.#pending.request, this.#requestId, this.#setup.settings());
    for (const event of opening.events) this.#send(event);
    if (opening.isCommitted) this.#stage = 'committed';
    else this.#ask();
  }

  route(event: ServerEvent): void {
    switch (event.type) {
      case 'response.started':
        this.#onStarted(event.response);
        return;
      case 'text.delta':
      case 'transcript.delta':
        this.#answered(event.responseId)?.textDelta(event.delta);
        return;
      case 'audio.delta':
        this.#answered(event.responseId)?.audioDelta(event.audio);
        return;
      case 'text.done':
      case 'transcript.done':
        this.#answered(event.responseId)?.wholePart(event, { type: 'text', text: event.text });
        return;
      case 'part.done':
        this.#answered(event.responseId)?.wholePart(event, event.part);
        return;
      case 'output.added':
      case 'output.done':
        this.#onItem(event.item.id);
        if (event.type === 'output.done')
          this.#answered(event.responseId)?.wholeItem(event.outputIndex, event.item);
        return;
      case 'response.finished':
        this.#onFinished(event.response);
        return;
      case 'item.added':
      case 'item.done':
        this.#onItem(event.item.id);
        if (event.item.role === 'user' && this.#stage === 'committed') this.#onHeard(undefined);
        return;
      case 'transcription.completed':
        if (this.#stage === 'committed') this.#onHeard(event.transcript);
        return;
      case 'item.deleted':
        this.#onDeleted(event.itemId);
        return;
      case 'fault':
        this.#onFault(event);
        return;
      default:
        return;
    }
  }

  /** The request has settled before its response ended. */
  abandon(): void {
    const stage = this.#stage;
    if (stage !== 'committed' && stage !== 'asked' && stage !== 'answering') return;
    const isWaiting = this.#timer !== undefined;
    this.#enter('cancelling');
    const closesSocket = this.#plan.leavesItems && !this.#plan.deletesItems;
    if (closesSocket) this.#end();
    // What upstream does with the recording cannot be stopped.
    else if (stage === 'committed') this.#end(UNUSABLE.cancelled);
    else if (stage === 'asked' && isWaiting) this.#cleanUp();
    else {
      this.#timer = setTimeout(() => {
        this.#end(UNUSABLE.cancelled);
      }, this.#setup.cancelGraceMs);
      if (this.#responseId !== undefined) this.#cancel(this.#responseId);
    }
  }

  /** Stops the timers. @returns the request, if it has not settled */
  clear(): PendingResponse | undefined {
    const isRunning = this.#stage !== 'ended';
    this.#enter('ended');
    return isRunning && !this.#pending.settled ? this.#pending : undefined;
  }

  #onStarted(response: ResponseView): void {
    const named = response.metadata?.request_id;
    const isForeign = named !== undefined && named !== this.#requestId;
    if (isForeign || this.#stage === 'sweeping' || this.#stage === 'ended') {
      // Of a request that was given up.
      this.#cancel(response.id);
      return;
    }
    if (this.#stage === 'committed') this.#habit.answersByItself = true;
    this.#responseId = response.id;
    if (this.#stage === 'cancelling') {
      this.#cancel(response.id);
      return;
    }
    this.#enter('answering');
    this.#alive();
    this.#pending.started();
  }

  /** The request, if it is answered by that response, which shows that it is alive. */
  #answered(responseId: string): PendingResponse | undefined {
    if (responseId !== this.#responseId || this.#stage !== 'answering') return undefined;
    this.#alive();
    return this.#pending;
  }

  #onFinished(response: ResponseView): void {
    const isOwn = response.id === this.#responseId || response.metadata?.request_id === this.#requestId;
    if (!isOwn || this.#stage === 'sweeping' || this.#stage === 'ended') return;
    for (const { id } of response.output) this.#onItem(id);
    if (response.usage !== undefined) this.#setup.actions.onUsage(response.usage);
    const isCancelling = this.#stage === 'cancelling';
    this.#enter('sweeping');
    if (!isCancelling) this.#settle(response);
    this.#cleanUp();
  }

  /** A response that upstream cancelled by itself is asked for once more, unless part of it was passed on. */
  #settle(response: ResponseView): void {
    const pending = this.#pending;
    const error = responseError(response, this.#setup.limits);
    const isLost = response.status === 'cancelled' && pending.attempts === 1 && pending.canRetry;
    if (isLost && error !== undefined) this.#setup.actions.onLost(pending, error);
    else pending.finish(response, error);
  }

  #onItem(id: string | undefined): void {
    if (id !== undefined && this.#stage !== 'sweeping' && this.#stage !== 'ended') this.#itemIds.add(id);
  }

  /**
   * Upstream tells of the recording as an item, or what was said in it. Without words there is nothing to translate.
   * @param transcript absent: of an item, which is all that comes where upstream does not transcribe
   */
  #onHeard(transcript: string | undefined): void {
    if (transcript === undefined) {
      const { transcription } = this.#setup.session();
      if (transcription === null) this.#onUnderstood();
      // Where the session does not tell, a transcript may follow.
      else if (transcription === undefined)
        this.#timer ??= setTimeout(() => {
          this.#onUnderstood();
        }, TRANSCRIPT_MS);
      return;
    }
    if (transcript.trim() === '') {
      const answersByItself = this.#habit.answersByItself !== false;
      this.#enter('sweeping');
      this.#pending.finish({ id: '', status: 'completed', output: [] }, undefined);
      if (answersByItself) this.#end(UNUSABLE.unswept);
      else this.#cleanUp();
    } else this.#onUnderstood();
  }

  /** Upstream answers by itself now, or is asked. */
  #onUnderstood(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#habit.answersByItself === true) return;
    const ask = (): void => {
      this.#habit.answersByItself = false;
      this.#ask();
    };
    if (this.#habit.answersByItself === false) ask();
    else this.#timer = setTimeout(ask, UNASKED_MS);
  }

  #ask(): void {
    this.#enter('asked');
    const response = this.#plan.response(this.#pending.request, this.#requestId);
    this.#send({ type: 'response.create', eventId: this.#requestId, response });
  }

  #cancel(responseId: string): void {
    this.#send({ type: 'response.cancel', eventId: `cancel_${this.#requestId}`, responseId });
  }

  #onFault(fault: Fault): void {
    switch (this.#stage) {
      case 'sweeping':
        this.#end(UNUSABLE.unswept);
        return;
      case 'cancelling':
        this.#end(UNUSABLE.cancelled);
        return;
      case 'ended':
        return;
      default:
    }
    if (fault.code === 'conversation_already_has_active_response') this.#askLater();
    else if (fault.code === 'session_expired') this.#setup.actions.onUnmatchedError(fault);
    else if (this.#isCausedByUs(fault)) this.#reject(fault);
    else this.#suspect(fault);
  }

  /** Another response is running, which nobody here waits for. */
  #askLater(): void {
    if (this.#stage !== 'asked' || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#ask();
    }, this.#retryMs);
    this.#retryMs = Math.min(LONGEST_RETRY_MS, 2 * this.#retryMs);
  }

  #isCausedByUs({ causedBy }: Fault): boolean {
    return causedBy === this.#requestId || causedBy?.startsWith(`${this.#requestId}_`) === true;
  }

  #reject(fault: Fault): void {
    // Where a request leaves nothing in the conversation, one that was refused has left nothing at all.
    const isClean = !this.#plan.leavesItems && this.#stage === 'asked';
    this.#enter('sweeping');
    this.#pending.fail(requestRejected(fault, this.#setup.limits));
    this.#end(isClean ? undefined : UNUSABLE.failed);
  }

  /** An error that names no event of ours may have ended the request, or mean nothing. */
  #suspect(fault: Fault): void {
    if (this.#suspicion !== undefined) return;
    this.#setup.actions.warn(
      'upstream error that names no request; without an answer the request fails',
      fault,
    );
    this.#suspicion = { fault, timer: this.#suspicionTimer(fault) };
  }

  #suspicionTimer(fault: Fault): NodeJS.Timeout {
    return setTimeout(() => {
      this.#enter('sweeping');
      this.#pending.fail(unnamedRefusal(fault, this.#setup.limits));
      this.#end(UNUSABLE.failed);
    }, SUSPICION_MS);
  }

  #alive(): void {
    if (this.#suspicion === undefined) return;
    clearTimeout(this.#suspicion.timer);
    this.#suspicion.timer = this.#suspicionTimer(this.#suspicion.fault);
  }

  #cleanUp(): void {
    this.#enter('sweeping');
    if (!this.#plan.deletesItems || this.#itemIds.size === 0) {
      this.#end();
      return;
    }
    this.#timer = setTimeout(() => {
      this.#end(UNUSABLE.unswept);
    }, SWEEP_MS);
    for (const itemId of this.#itemIds)
      this.#send({ type: 'item.delete', eventId: `${this.#requestId}_delete`, itemId });
  }

  #onDeleted(itemId: string): void {
    if (this.#stage !== 'sweeping') return;
    this.#itemIds.delete(itemId);
    if (this.#itemIds.size === 0) this.#end();
  }

  #end(unusable?: string): void {
    this.#enter('ended');
    this.#onEnded(unusable);
  }

  /** Stops the timers of the stage that it leaves. */
  #enter(stage: Stage): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#stage = stage;
    if (stage === 'committed' || stage === 'asked' || stage === 'answering') return;
    clearTimeout(this.#suspicion?.timer);
    this.#suspicion = undefined;
  }

  #send(event: ClientEvent): void {
    if (event.type === 'item.create') this.#onItem(event.item.id);
    this.#setup.actions.send(event);
  }
}

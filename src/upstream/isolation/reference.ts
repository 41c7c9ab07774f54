/**
 * Many requests at a time: a prompt is planted once per socket as a conversation item, and each request is a response
 * outside the conversation whose input refers to it. Metadata tie the response to its request.
 */
import type { Decoded, Fault, ServerEvent } from '../../wire/index.js';
import { Demux } from '../demux.js';
import { concernsReference, isHarmless } from '../errors.js';
import type { PendingResponse } from '../pending-response.js';
import { PromptItems } from '../prompt-items.js';
import { requestEvents } from '../request-events.js';
import type { Isolation, RequestRouter, RouterSetup } from './isolation.js';

export const reference: Isolation = {
  level: 'reference',
  servesOnce: false,
  faultGraceMs: 0,
  capacity: (maxPerSocket) => maxPerSocket,
  hearsRecordings: () => true,
  settings: (asked) => asked,
  conversationSettings: (asked) => asked,
  createRouter: (setup) => new ReferenceRouter(setup),
};

class ReferenceRouter implements RequestRouter {
  readonly #setup: RouterSetup;
  readonly #demux: Demux;
  readonly #promptItems: PromptItems;

  constructor(setup: RouterSetup) {
    const { actions, limits, cancelGraceMs, maxPromptItems } = setup;
    this.#setup = setup;
    this.#promptItems = new PromptItems(maxPromptItems);
    this.#demux = new Demux(
      {
        cancel: (responseId, requestId) => {
          actions.send({ type: 'response.cancel', eventId: `cancel_${requestId}`, responseId });
        },
        onSlotFree: () => {
          actions.onSlotFree();
        },
        onUsage: (usage) => {
          actions.onUsage(usage);
        },
        onRejected: ({ request }, fault) => {
          if (concernsReference(fault)) this.#promptItems.invalidate(request.prompt);
          else this.#promptItems.invalidateNamedIn(fault.message);
        },
        onUnresponsive: () => {
          actions.onUnusable('upstream ignored a cancellation; the socket is replaced');
        },
        onUnmatchedError: (fault) => {
          this.#onUnmatchedError(fault);
        },
        warn: (message, fault) => {
          actions.warn(message, fault);
        },
      },
      limits,
      cancelGraceMs,
    );
  }

  get size(): number {
    return this.#demux.size;
  }

  get voice(): string | undefined {
    return this.#demux.voice;
  }

  hasPrompt(prompt: string): boolean {
    return this.#promptItems.has(prompt);
  }

  run(pending: PendingResponse): void {
    const { request } = pending;
    const requestId = this.#demux.add(pending);
    pending.beginAttempt(this, requestId);
    const promptItem = this.#promptItems.ensure(request.prompt);
    for (const event of requestEvents(request, requestId, promptItem)) this.#setup.actions.send(event);
  }

  abandon(pending: PendingResponse): void {
    this.#demux.abandon(pending);
  }

  decode(frame: string): Decoded<ServerEvent> {
    return this.#setup.dialect.decodeAnswer(frame, this.#demux.lacksText);
  }

  route(event: ServerEvent): void {
    this.#demux.route(event);
  }

  clear(): PendingResponse[] {
    return this.#demux.clear();
  }

  /** A prompt item that upstream already has is as good as one that it accepted. */
  #onUnmatchedError(fault: Fault): void {
    if (isHarmless(fault)) return;
    this.#setup.actions.onUnmatchedError(fault);
    this.#promptItems.invalidateNamedIn(`${fault.causedBy ?? ''} ${fault.message}`);
  }
}

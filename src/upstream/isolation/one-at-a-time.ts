/** Routes the events of a socket that carries one request at a time: whatever comes belongs to that one. */
import { randomBytes } from 'node:crypto';
import { LIMITS_EVENT_NAME, type Decoded, type ServerEvent } from '../../wire/index.js';
import { isHarmless } from '../errors.js';
import type { PendingResponse } from '../pending-response.js';
import { Exchange } from './exchange.js';
import type { RequestRouter, RouterSetup } from './isolation.js';
import type { ExchangePlan, SpeechHabit } from './plan.js';

export class OneAtATime implements RequestRouter {
  readonly #setup: RouterSetup;
  readonly #plan: ExchangePlan;
  readonly #habit: SpeechHabit;
  /** Makes the ids differ from those of all other sockets and processes; item ids have at most 32 characters. */
  readonly #prefix = `r${randomBytes(8).toString('hex')}`;
  #count = 0;
  #exchange: Exchange | undefined;
  #spokenVoice: string | undefined;

  constructor(setup: RouterSetup, plan: ExchangePlan, habit: SpeechHabit) {
    this.#setup = setup;
    this.#plan = plan;
    this.#habit = habit;
  }

  get size(): number {
    return this.#exchange === undefined ? 0 : 1;
  }

  get voice(): string | undefined {
    return this.#spokenVoice ?? this.#exchange?.pending.voiceLock;
  }

  /** A prompt travels with each request, so that no socket is better than another. */
  hasPrompt(): boolean {
    return false;
  }

  run(pending: PendingResponse): void {
    const { actions } = this.#setup;
    this.#count += 1;
    const requestId = `${this.#prefix}_${this.#count}`;
    const exchange = new Exchange(pending, requestId, this.#plan, this.#habit, this.#setup, (unusable) => {
      this.#exchange = undefined;
      if (unusable === undefined) actions.onSlotFree();
      else actions.onUnusable(unusable);
    });
    this.#exchange = exchange;
    pending.beginAttempt(this, requestId);
    exchange.start();
  }

  abandon(pending: PendingResponse): void {
    if (this.#exchange?.pending === pending) this.#exchange.abandon();
  }

  decode(frame: string): Decoded<ServerEvent> {
    const decoded = this.#setup.dialect.decodeServer(frame);
    // Kept unread, as everywhere.
    if (decoded.kind === 'event' && decoded.event.type === 'limits')
      return { kind: 'ignored', type: LIMITS_EVENT_NAME };
    return decoded;
  }

  route(event: ServerEvent): void {
    const exchange = this.#exchange;
    if (event.type === 'fault' && (exchange === undefined || isHarmless(event))) {
      if (!isHarmless(event)) this.#setup.actions.onUnmatchedError(event);
      return;
    }
    if (event.type === 'audio.delta') this.#spokenVoice ??= exchange?.pending.voiceLock;
    if (exchange !== undefined) exchange.route(event);
    else if (event.type === 'response.started')
      this.#setup.actions.send({ type: 'response.cancel', responseId: event.response.id });
  }

  clear(): PendingResponse[] {
    const pending = this.#exchange?.clear();
    this.#exchange = undefined;
    return pending === undefined ? [] : [pending];
  }
}

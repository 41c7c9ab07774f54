/** A stream of events that reconnects when its connection breaks, for the client and for the page. */
import { delay } from './delay.js';

export interface ReconnectOptions<Event> {
  /** Opens one connection, which resumes after `lastEventId`; it may close before the last event. */
  readonly connect: (lastEventId: string | undefined) => AsyncIterable<Event>;
  /** Undefined for an event from which a connection cannot resume, such as progress. */
  readonly idOf: (event: Event) => string | undefined;
  readonly isLast: (event: Event) => boolean;
  /**
   * How long to wait before the next connection; throws to give up.
   *
   * @param failures connections that broke since the last event, at least 1.
   * @param error why the last one broke; undefined if it was closed.
   */
  readonly waitMs: (failures: number, error: unknown) => number;
  readonly wait?: typeof delay | undefined;
  readonly lastEventId?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Yields events up to the last one. @throws what `waitMs` throws, or the reason of the signal. */
export async function* reconnecting<Event>(
  options: ReconnectOptions<Event>,
): AsyncGenerator<Event, void, void> {
  const { connect, idOf, isLast, waitMs, wait = delay, signal } = options;
  let { lastEventId } = options;
  let failures = 0;
  for (;;) {
    let broken: unknown;
    try {
      for await (const event of connect(lastEventId)) {
        failures = 0;
        lastEventId = idOf(event) ?? lastEventId;
        yield event;
        if (isLast(event)) return;
      }
    } catch (error) {
      signal?.throwIfAborted();
      broken = error;
    }
    failures += 1;
    await wait(waitMs(failures, broken), signal);
  }
}

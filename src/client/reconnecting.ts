/** A stream of events over connections that break, for the client and for the page. */
import { delay } from './delay.js';

export interface ReconnectOptions<Event> {
  /** One connection, after the event that is known already; it may close before the last event. */
  readonly connect: (lastEventId: string | undefined) => AsyncIterable<Event>;
  /** Undefined for an event that is sent again, or not at all, after a reconnection. */
  readonly idOf: (event: Event) => string | undefined;
  readonly isLast: (event: Event) => boolean;
  /**
   * How long to wait before the next connection, or throws to end.
   *
   * @param failures connections that broke since the last event, at least 1.
   * @param error why it broke; undefined where it closed.
   */
  readonly waitMs: (failures: number, error: unknown) => number;
  readonly wait?: typeof delay | undefined;
  readonly lastEventId?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Yields events until the last one. @throws what `waitMs` throws, or the reason of the signal. */
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

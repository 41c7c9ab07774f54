/** Waits for a condition. */
import { setTimeout as wait } from 'node:timers/promises';

/** Polls every 5 ms; rejects with `what` in the message if the condition does not become true in time. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  withinMs = 10_000,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`did not happen within ${withinMs} ms: ${what}`);
    await wait(5);
  }
}

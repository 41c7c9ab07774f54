/** Waiting for what will become true. */
import { setTimeout as wait } from 'node:timers/promises';

/** Asks again every few milliseconds; fails with `what` if it does not become true. */
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

/** The semaphore: what runs at the same time, and what waits. */
import { describe, expect, it } from '@jest/globals';
import { Semaphore } from '../src/semaphore.js';

const forever = new AbortController().signal;

/** Work that ends when told to. */
function gate(): { work: () => Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { work: () => passed, open };
}

describe('a semaphore', () => {
  it('serves in the order of arrival', async () => {
    const semaphore = new Semaphore(1);
    const first = gate();
    const served: number[] = [];
    const all = [
      semaphore.run(first.work, forever),
      ...[1, 2, 3, 4].map((number) =>
        semaphore.run(() => {
          served.push(number);
          return Promise.resolve();
        }, forever),
      ),
    ];
    expect(semaphore.stats).toEqual({ running: 1, waiting: 4 });
    first.open();
    await Promise.all(all);
    expect(served).toEqual([1, 2, 3, 4]);
    expect(semaphore.stats).toEqual({ running: 0, waiting: 0 });
  });

  it('frees its slot when the work fails', async () => {
    const semaphore = new Semaphore(1);
    const failing = semaphore.run(() => Promise.reject(new Error('broken')), forever);
    const next = semaphore.run(() => Promise.resolve('done'), forever);
    await expect(failing).rejects.toThrow('broken');
    expect(await next).toBe('done');
  });

  it('frees its slot when its owner is aborted on the way to it', async () => {
    const semaphore = new Semaphore(1);
    const leaving = new AbortController();
    let started = false;
    const aborted = semaphore.run(() => {
      started = true;
      return Promise.resolve();
    }, leaving.signal);
    const last = semaphore.run(() => Promise.resolve('done'), forever);
    expect(semaphore.stats).toEqual({ running: 1, waiting: 1 });
    leaving.abort(new Error('left'));
    await expect(aborted).rejects.toThrow('left');
    expect(await last).toBe('done');
    expect(started).toBe(false);
    expect(semaphore.stats).toEqual({ running: 0, waiting: 0 });
  });
});

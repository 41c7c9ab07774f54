/** Places shared between groups. */
import { expect, it } from '@jest/globals';
import { FairSemaphore } from '../../src/recordings/fair-semaphore.js';

const never = new AbortController().signal;

/** Work that ends when told to, and the order in which work began. */
function scene(limit: number) {
  const semaphore = new FairSemaphore(limit);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const run = (group: object, name: string, signal = never): Promise<void> =>
    semaphore.run(
      group,
      () => {
        begun.push(name);
        return new Promise<void>((resolve) => ends.set(name, resolve));
      },
      signal,
    );
  return { semaphore, begun, run, end: (name: string) => ends.get(name)?.() };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('a group that comes later gets the next places until as much of it runs', async () => {
  const { semaphore, begun, run, end } = scene(4);
  const [first, second] = [{}, {}];
  const work = ['a1', 'a2', 'a3', 'a4', 'a5', 'a6'].map((name) => run(first, name));
  work.push(...['b1', 'b2', 'b3'].map((name) => run(second, name)));
  await settled();
  expect(begun).toEqual(['a1', 'a2', 'a3', 'a4']);
  for (const name of ['a1', 'a2', 'a3']) {
    end(name);
    await settled();
  }
  expect(begun.slice(4)).toEqual(['b1', 'b2', 'a5']);
  for (let at = 0; at < 9; at += 1) {
    begun.forEach(end);
    await settled();
  }
  await Promise.all(work);
  expect(semaphore.stats).toEqual({ running: 0, waiting: 0 });
});

it('an abort ends a wait, and gives no place away', async () => {
  const { semaphore, run, end } = scene(1);
  const group = {};
  const running = run(group, 'running');
  const abort = new AbortController();
  const waiting = run(group, 'waiting', abort.signal);
  const last = run(group, 'last');
  abort.abort(new Error('no more'));
  await expect(waiting).rejects.toThrow('no more');
  expect(semaphore.stats).toEqual({ running: 1, waiting: 1 });
  end('running');
  await running;
  await settled();
  end('last');
  await last;
  expect(semaphore.stats).toEqual({ running: 0, waiting: 0 });
});

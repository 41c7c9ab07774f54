/** The points of a job: taken for each segment before it begins, waited for where they are spent. */
import { expect, it } from '@jest/globals';
import { JobPoints } from '../../src/jobs/points.js';
import type { Limiter } from '../../src/quota/limiter.js';

const RESET_MS = 300;
const segment = { index: 0, startMs: 0, endMs: 5_000, fromSample: 0, toSample: 120_000, pauses: [] };

function limiterOf(answers: boolean[]): Limiter & { taken: number[] } {
  const taken: number[] = [];
  return {
    taken,
    take: (client, points) => {
      expect(client).toBe('key:a');
      taken.push(points);
      const allowed = answers.shift() ?? true;
      return Promise.resolve({ allowed, limit: 10, remaining: 0, resetMs: RESET_MS });
    },
  };
}

it('takes one for each 10 s of each response, and carries the rest over', async () => {
  const limiter = limiterOf([]);
  const points = new JobPoints(limiter, 'key:a', 3);
  const { signal } = new AbortController();
  for (let n = 0; n < 4; n += 1) await points.take(segment, signal);
  expect(limiter.taken).toEqual([1, 2, 1, 2]);
});

it('waits for the next minute where they are spent, and not for a job that is stopped', async () => {
  const limiter = limiterOf([false, true, false]);
  const points = new JobPoints(limiter, 'key:a', 2);
  const from = performance.now();
  await points.take(segment, new AbortController().signal);
  expect(performance.now() - from).toBeGreaterThanOrEqual(RESET_MS - 1);
  const abort = new AbortController();
  const waiting = points.take(segment, abort.signal);
  abort.abort(new Error('stopped'));
  await expect(waiting).rejects.toThrow('stopped');
});

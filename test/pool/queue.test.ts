import { afterEach, describe, expect, it } from '@jest/globals';
import { GatewayError } from '../../src/errors.js';
import { RequestQueue } from '../../src/pool/queue.js';
import { PendingResponse } from '../../src/upstream/pending-response.js';
import { asking } from '../support/pool.js';

const made: PendingResponse[] = [];

afterEach(() => {
  for (const pending of made.splice(0)) pending.fail(new GatewayError('draining', 'The test is over.'));
});

/** Requests in the order of their acceptance, `texts` being their names. */
function requests(...texts: string[]): PendingResponse[] {
  const accepted = texts.map((text) => new PendingResponse(asking(text), 60_000, () => undefined));
  accepted.forEach((pending, index) => {
    Object.assign(pending.timestamps, { acceptedAt: index });
  });
  made.push(...accepted);
  return accepted;
}

function textsIn(queue: RequestQueue): string[] {
  return [...queue].map(({ request: { question } }) => ('text' in question ? question.text : ''));
}

const runner = { abandon: () => undefined };

describe('the queue', () => {
  it('keeps the order in which requests joined, whichever leave', () => {
    const queue = new RequestQueue();
    const [a, b, c, d] = requests('a', 'b', 'c', 'd');
    for (const pending of [a, b, c, d]) if (pending) queue.push(pending);
    expect([queue.first, queue.size]).toEqual([a, 4]);
    if (b) queue.remove(b);
    expect(textsIn(queue)).toEqual(['a', 'c', 'd']);
    if (a) queue.remove(a);
    if (d) queue.remove(d);
    expect(textsIn(queue)).toEqual(['c']);
    if (d) queue.push(d);
    expect(textsIn(queue)).toEqual(['c', 'd']);
    for (const pending of queue) queue.remove(pending);
    expect([queue.first, queue.size]).toEqual([undefined, 0]);
  });

  it('has the retries ahead of the others, in the order of their acceptance', () => {
    const queue = new RequestQueue();
    const [a, b, c, d, e] = requests('a', 'b', 'c', 'd', 'e');
    for (const pending of [a, b, c]) pending?.beginAttempt(runner, 'req');
    for (const pending of [d, e]) if (pending) queue.push(pending);
    for (const pending of [b, c, a]) if (pending) queue.pushRetry(pending);
    expect(textsIn(queue)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('keeps no link between what leaves and its neighbours', () => {
    const queue = new RequestQueue();
    const all = requests('a', 'b', 'c');
    for (const pending of all) queue.push(pending);
    const [, middle] = all;
    if (middle) queue.remove(middle);
    expect([middle?.previous, middle?.next]).toEqual([undefined, undefined]);
  });

  it('remembers when a request joined last', () => {
    const queue = new RequestQueue();
    const [only] = requests('only');
    const before = performance.now();
    if (only) queue.push(only);
    expect(only?.queuedAt).toBeGreaterThanOrEqual(before);
  });
});

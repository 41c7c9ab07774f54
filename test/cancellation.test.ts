import { describe, expect, it } from '@jest/globals';
import { Cancellation } from '../src/cancellation.js';

const FIRST = new Error('first');

describe('a cancellation', () => {
  it('is aborted once, with the first reason, for itself and for its signal', () => {
    const cancellation = new Cancellation();
    expect([cancellation.aborted, cancellation.signal.aborted]).toEqual([false, false]);
    cancellation.throwIfAborted();
    cancellation.abort(FIRST);
    cancellation.abort(new Error('second'));
    expect([cancellation.aborted, cancellation.signal.aborted]).toEqual([true, true]);
    expect([cancellation.reason, cancellation.signal.reason]).toEqual([FIRST, FIRST]);
    expect(() => {
      cancellation.throwIfAborted();
    }).toThrow(FIRST);
  });

  it('has the reason of every abort that gives none', () => {
    const cancellation = new Cancellation();
    cancellation.abort();
    expect(cancellation.reason).toMatchObject({ name: 'AbortError' });
    expect(cancellation.signal.reason).toBe(cancellation.reason);
  });

  it('calls each listener once, also one that comes late, and listeners of its signal', () => {
    const cancellation = new Cancellation();
    const called: unknown[] = [];
    cancellation.onAbort(() => called.push(['early', cancellation.reason]));
    cancellation.signal.addEventListener('abort', () => called.push(['signal', cancellation.reason]));
    cancellation.abort(FIRST);
    cancellation.abort(FIRST);
    cancellation.onAbort(() => called.push('late'));
    expect(called).toHaveLength(3);
    expect(called).toEqual(expect.arrayContaining([['early', FIRST], ['signal', FIRST], 'late']));
  });
});

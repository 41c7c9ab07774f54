import { afterEach, describe, expect, it } from '@jest/globals';
import { GatewayError } from '../../src/errors.js';
import { Demux } from '../../src/upstream/demux.js';
import { PendingResponse, type UpstreamRequest } from '../../src/upstream/pending-response.js';
import { RateLimits } from '../../src/upstream/rate-limits.js';
import { dialects, type Fault, type ResponseView } from '../../src/wire/index.js';
import { asking, eventually } from '../support/pool.js';

const GONE = new GatewayError('request-timeout', 'The client went away.');
const USAGE = { inputTokens: 3, outputTokens: 4, totalTokens: 7 };
const runner = { abandon: () => undefined };

/** A demux, and in `calls` what it did, oldest first. */
class Bench {
  readonly calls: unknown[][] = [];
  readonly pendings: PendingResponse[] = [];
  readonly demux: Demux;

  constructor(cancelGraceMs = 60_000) {
    const note =
      (name: string) =>
      (...args: unknown[]): void => {
        this.calls.push([name, ...args]);
      };
    this.demux = new Demux(
      {
        cancel: note('cancel'),
        onUsage: note('onUsage'),
        onSlotFree: note('onSlotFree'),
        onRejected: (_pending, { code }) => {
          this.calls.push(['onRejected', code]);
        },
        onUnresponsive: note('onUnresponsive'),
        onUnmatchedError: ({ code }) => {
          this.calls.push(['onUnmatchedError', code]);
        },
        warn: () => {
          this.calls.push(['warn']);
        },
      },
      new RateLimits(dialects.ga),
      cancelGraceMs,
    );
  }

  add(more: Partial<UpstreamRequest> = {}): { pending: PendingResponse; id: string } {
    const pending = new PendingResponse(asking('hello', more), 60_000, () => undefined);
    this.pendings.push(pending);
    const id = this.demux.add(pending);
    pending.beginAttempt(runner, id);
    return { pending, id };
  }

  start(responseId: string, requestId?: string): void {
    this.demux.route({ type: 'response.started', response: view(responseId, requestId, 'in_progress') });
  }

  delta(responseId: string, delta: string): void {
    this.demux.route({ type: 'text.delta', ...at(responseId), delta });
  }

  sound(responseId: string): void {
    this.demux.route({ type: 'audio.delta', ...at(responseId), audio: Buffer.alloc(2) });
  }

  finish(responseId: string, requestId?: string): void {
    const response = { ...view(responseId, requestId, 'completed'), usage: USAGE };
    this.demux.route({ type: 'response.finished', response });
  }

  fault(causedBy?: string, code = 'server_error'): void {
    const fault: Fault = { type: 'fault', kind: 'server_error', code, message: 'No.' };
    this.demux.route(causedBy === undefined ? fault : { ...fault, causedBy });
  }

  /** The names of what it did since the last time. */
  take(): unknown[] {
    return this.calls.splice(0).map(([name]) => name);
  }
}

function at(responseId: string) {
  return { responseId, itemId: 'item_1', outputIndex: 0, contentIndex: 0 };
}

function view(id: string, requestId: string | undefined, status: ResponseView['status']): ResponseView {
  return { id, status, output: [], ...(requestId !== undefined && { metadata: { request_id: requestId } }) };
}

let bench: Bench;

afterEach(() => {
  bench.demux.clear();
  for (const pending of bench.pendings) pending.fail(GONE);
});

describe('events', () => {
  it('reach the request whose id started their response, however they interleave', async () => {
    bench = new Bench();
    const [a, b] = [bench.add(), bench.add()];
    expect(a.id).not.toBe(b.id);
    bench.start('resp_b', b.id);
    bench.start('resp_a', a.id);
    bench.delta('resp_a', 'one ');
    bench.delta('resp_b', 'uno ');
    bench.delta('resp_a', 'two');
    bench.delta('resp_x', 'nobody');
    bench.finish('resp_a');
    expect([a.pending.text, a.pending.settled, b.pending.text]).toEqual(['one two', true, 'uno ']);
    expect(bench.calls).toEqual([['onUsage', USAGE], ['onSlotFree']]);
    expect(bench.demux.size).toBe(1);
    bench.delta('resp_a', 'too late');
    await a.pending.done();
    expect(a.pending.text).toBe('one two');
  });

  it('of a response whose start was missed are matched at its end by our id', () => {
    bench = new Bench();
    const { pending, id } = bench.add({ question: { pcm: Buffer.alloc(2) } });
    bench.finish('resp_1', id);
    expect(pending.settled).toBe(true);
    expect(bench.demux.size).toBe(0);
  });

  it('of an attempt that is over cancel their response', () => {
    bench = new Bench();
    bench.start('resp_1', 'req_of_another_socket_1');
    expect(bench.calls).toEqual([['cancel', 'resp_1', 'unknown']]);
  });

  it('of a response without metadata fail what has not started, and nothing else', async () => {
    bench = new Bench();
    const [started, waiting] = [bench.add(), bench.add()];
    bench.start('resp_1', started.id);
    bench.start('resp_2');
    await expect(waiting.pending.done()).rejects.toMatchObject({ code: 'upstream-rejected' });
    expect(started.pending.settled).toBe(false);
    expect(bench.take()).toEqual(['cancel', 'warn', 'onSlotFree']);
  });

  it('with complete parts are of interest until the first delta', () => {
    bench = new Bench();
    const { id } = bench.add();
    expect(bench.demux.lacksText('resp_1')).toBe(false);
    bench.start('resp_1', id);
    expect(bench.demux.lacksText('resp_1')).toBe(true);
    bench.delta('resp_1', 'one');
    expect(bench.demux.lacksText('resp_1')).toBe(false);
  });
});

describe('a request that is abandoned', () => {
  it('is cancelled, and keeps its slot until upstream has ended it', () => {
    bench = new Bench();
    const { pending, id } = bench.add();
    bench.start('resp_1', id);
    pending.fail(GONE);
    bench.demux.abandon(pending);
    bench.demux.abandon(pending);
    expect(bench.calls).toEqual([['cancel', 'resp_1', id]]);
    expect(bench.demux.size).toBe(1);
    bench.finish('resp_1');
    expect(bench.demux.size).toBe(0);
  });

  it('is cancelled as soon as the id of its response is known', () => {
    bench = new Bench();
    const { pending, id } = bench.add();
    pending.fail(GONE);
    bench.demux.abandon(pending);
    expect(bench.calls).toEqual([]);
    bench.start('resp_1', id);
    expect(bench.calls).toEqual([['cancel', 'resp_1', id]]);
  });

  it('frees its slot after the grace where upstream does not end it', async () => {
    bench = new Bench(20);
    const { pending } = bench.add();
    pending.fail(GONE);
    bench.demux.abandon(pending);
    await eventually(() => bench.demux.size === 0);
    expect(bench.take()).toEqual(['onUnresponsive']);
  });

  it('has ended where its cancellation is refused', () => {
    bench = new Bench();
    const { pending, id } = bench.add();
    pending.fail(GONE);
    bench.demux.abandon(pending);
    bench.fault(`cancel_${id}`);
    expect(bench.demux.size).toBe(0);
    expect(bench.take()).toEqual(['onSlotFree']);
  });
});

describe('an error', () => {
  it('that names a request fails that one', async () => {
    bench = new Bench();
    const [good, bad] = [bench.add(), bench.add()];
    bench.fault(bad.id);
    await expect(bad.pending.done()).rejects.toMatchObject({ code: 'upstream-rejected' });
    expect(good.pending.settled).toBe(false);
    expect(bench.take()).toEqual(['onRejected', 'onSlotFree']);
  });

  it('that names something else is reported', () => {
    bench = new Bench();
    bench.add();
    bench.fault('seldom_seen');
    expect(bench.calls).toEqual([['onUnmatchedError', 'server_error']]);
  });

  it('without a name is reported where nothing runs, or where it concerns no request', () => {
    bench = new Bench();
    bench.fault();
    const { pending } = bench.add();
    bench.fault(undefined, 'session_expired');
    expect(bench.take()).toEqual(['onUnmatchedError', 'onUnmatchedError']);
    expect(pending.settled).toBe(false);
  });

  it('without a name fails the only request, where that has not started', async () => {
    bench = new Bench();
    const { pending } = bench.add();
    bench.fault();
    await expect(pending.done()).rejects.toMatchObject({ code: 'upstream-unavailable' });
    expect(bench.take()).toEqual(['warn', 'onRejected', 'onSlotFree']);
  });

  it('without a name fails those of several that stay silent for some seconds', async () => {
    bench = new Bench();
    const [silent, alive] = [bench.add(), bench.add()];
    bench.fault();
    bench.start('resp_1', alive.id);
    await expect(silent.pending.done()).rejects.toMatchObject({ code: 'upstream-unavailable' });
    expect(alive.pending.settled).toBe(false);
    expect(bench.demux.size).toBe(1);
  });
});

describe('the voice of a socket', () => {
  it('is the one that a request asks for, until upstream has spoken', () => {
    bench = new Bench();
    expect(bench.demux.voice).toBeUndefined();
    bench.add();
    expect(bench.demux.voice).toBeUndefined();
    const { id } = bench.add({ output: 'audio', voice: 'ash' });
    expect(bench.demux.voice).toBe('ash');
    bench.fault(id);
    expect(bench.demux.voice).toBeUndefined();
  });

  it('stays once upstream has spoken with it', () => {
    bench = new Bench();
    const { id } = bench.add({ output: 'audio' });
    bench.start('resp_1', id);
    bench.sound('resp_1');
    bench.finish('resp_1');
    expect([bench.demux.size, bench.demux.voice]).toEqual([0, '']);
  });
});

describe('a socket that is lost', () => {
  it('hands back the requests that have not settled, in their order', () => {
    bench = new Bench();
    const [a, b, c] = [bench.add(), bench.add(), bench.add()];
    b.pending.fail(GONE);
    bench.demux.abandon(b.pending);
    expect(bench.demux.clear()).toEqual([a.pending, c.pending]);
    expect([bench.demux.size, bench.demux.clear()]).toEqual([0, []]);
  });
});

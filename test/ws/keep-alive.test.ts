/** The pings of a socket, by real timers: what is counted has room for a busy machine. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { KeepAlive, type KeepAliveTimes } from '../../src/ws/keep-alive.js';
import { eventually } from '../support/pool.js';

const TIMES: KeepAliveTimes = { busyMs: 20, idleMs: 60_000, deadMs: 60 };

/** A peer that answers while `answers` is set. */
class Peer {
  answers = true;
  busy = true;
  paused = false;
  pings = 0;
  timeouts = 0;
  bufferedBytes = 0;
  readonly startedAt = performance.now();
  readonly keepAlive: KeepAlive;

  constructor(times: KeepAliveTimes) {
    const target = {
      socket: this,
      isBusy: () => this.busy,
      isPaused: () => this.paused,
      onTimeout: () => {
        this.timeouts += 1;
      },
    };
    this.keepAlive = new KeepAlive(target, times);
  }

  ping(): void {
    this.pings += 1;
    if (!this.answers) return;
    setImmediate(() => {
      this.keepAlive.pong();
    });
  }

  get ageMs(): number {
    return performance.now() - this.startedAt;
  }
}

let peer: Peer;

afterEach(() => {
  peer.keepAlive.stop();
});

describe('a socket that is busy', () => {
  it('is pinged again and again, and stays while its peer answers', async () => {
    peer = new Peer(TIMES);
    await eventually(() => peer.pings >= 5);
    expect(peer.ageMs).toBeGreaterThan(4 * TIMES.busyMs);
    expect(peer.timeouts).toBe(0);
  });

  it('times out once when no pong comes, and is not pinged any more', async () => {
    peer = new Peer(TIMES);
    peer.answers = false;
    await eventually(() => peer.timeouts > 0);
    expect(peer.ageMs).toBeGreaterThan(TIMES.busyMs + TIMES.deadMs - 20);
    await eventually(() => peer.ageMs > 300);
    expect([peer.pings, peer.timeouts]).toEqual([1, 1]);
  });

  it('does not time out while bytes leave, nor while nothing is read from it', async () => {
    peer = new Peer(TIMES);
    peer.answers = false;
    peer.bufferedBytes = 1_000_000;
    const leaving = setInterval(() => {
      peer.bufferedBytes -= 1;
    }, 1);
    await eventually(() => peer.ageMs > 300);
    clearInterval(leaving);
    peer.paused = true;
    await eventually(() => peer.ageMs > 600);
    expect([peer.pings, peer.timeouts]).toEqual([1, 0]);
    peer.paused = false;
    await eventually(() => peer.timeouts === 1);
  });

  it('does not time out for a pong that could not be read, because this process itself was busy', async () => {
    peer = new Peer(TIMES);
    peer.answers = false;
    await eventually(() => peer.pings === 1);
    const from = performance.now();
    while (performance.now() - from < 3 * TIMES.deadMs);
    // As what arrived meanwhile: read after the timers that are due.
    setTimeout(() => {
      peer.keepAlive.pong();
    }, 1);
    await eventually(() => peer.pings === 2);
    expect(peer.timeouts).toBe(0);
  });
});

describe('a socket that is idle', () => {
  it('is pinged at longer intervals', async () => {
    peer = new Peer({ ...TIMES, idleMs: 200 });
    peer.busy = false;
    await eventually(() => peer.pings === 1);
    expect(peer.ageMs).toBeGreaterThan(180);
  });

  it('is pinged soon once it is busy', async () => {
    peer = new Peer(TIMES);
    peer.busy = false;
    await eventually(() => peer.ageMs > 100);
    expect(peer.pings).toBe(0);
    peer.busy = true;
    await eventually(() => peer.pings === 1);
  });
});

it('a socket that was stopped is neither pinged nor timed out', async () => {
  peer = new Peer(TIMES);
  peer.answers = false;
  await eventually(() => peer.pings === 1);
  peer.keepAlive.stop();
  await eventually(() => peer.ageMs > 300);
  expect([peer.pings, peer.timeouts]).toEqual([1, 0]);
});

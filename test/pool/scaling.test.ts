import { describe, expect, it } from '@jest/globals';
import {
  countSockets,
  nextIdleAt,
  socketsWanted,
  toRetire,
  type PoolDemand,
  type SocketInfo,
} from '../../src/pool/scaling.js';

function socket(more: Partial<SocketInfo> = {}): SocketInfo {
  return { state: 'ready', load: 0, aging: false, idleSince: 0, ...more };
}

const connecting = socket({ state: 'connecting' });
const draining = socket({ state: 'draining' });
const aging = socket({ aging: true });

describe('the sockets of a pool', () => {
  it('are counted by what becomes of them', () => {
    expect(countSockets([socket(), socket({ load: 3 }), connecting, draining, aging])).toEqual({
      living: 3,
      connecting: 1,
      aging: 1,
    });
  });
});

describe('how many more sockets are opened', () => {
  const wanted = (sockets: SocketInfo[], demand: Partial<PoolDemand> = {}): number =>
    socketsWanted(countSockets(sockets), {
      waiting: 0,
      maxPerSocket: 4,
      warm: 0,
      isRefused: false,
      ...demand,
    });

  it.each<[string, number, SocketInfo[], Partial<PoolDemand>]>([
    ['none without a demand', 0, [], {}],
    ['one for as many requests as a socket carries', 1, [], { waiting: 4 }],
    ['two for one request more', 2, [], { waiting: 5 }],
    ['fewer by those that connect', 1, [connecting], { waiting: 5 }],
    ['as many as the warm stock lacks', 2, [socket()], { warm: 3 }],
    ['those that connect are warm stock too', 0, [connecting], { warm: 1 }],
    ['those that drain are not', 1, [draining], { warm: 1 }],
    ['a successor for a socket due for retirement', 1, [aging], {}],
    ['none where there is one already', 0, [aging, socket()], {}],
    ['one that finds out whether upstream still refuses', 1, [], { isRefused: true }],
    ['the larger of two demands', 3, [], { waiting: 9, warm: 2 }],
  ])('%s', (_what, count, sockets, demand) => {
    expect(wanted(sockets, demand)).toBe(count);
  });
});

describe('a socket retires', () => {
  const options = { warm: 1, idleMs: 100, now: 1_000 };

  it('when it is due and its successor is ready, however busy it is', () => {
    const old = socket({ aging: true, load: 3 });
    expect(toRetire([old, connecting], options)).toEqual([]);
    expect(toRetire([old, socket()], options)).toEqual([old]);
  });

  it('when it was idle for too long and is above the warm stock', () => {
    const first = socket({ idleSince: 900 });
    const second = socket({ idleSince: 0 });
    expect(toRetire([first, second], options)).toEqual([first]);
    expect(toRetire([first], options)).toEqual([]);
  });

  it('neither while it works nor before its time', () => {
    expect(toRetire([socket({ load: 1 }), socket({ idleSince: 901 })], { ...options, warm: 0 })).toEqual([]);
  });
});

describe('the next socket that is idle for too long', () => {
  it('is the one that has been idle for longest, and not one whose time has passed', () => {
    const sockets = [socket({ idleSince: 950 }), socket({ idleSince: 930 }), socket({ idleSince: 0 })];
    expect(nextIdleAt(sockets, 100, 1_000)).toBe(1_030);
  });

  it('is none where all work, connect or drain', () => {
    expect(nextIdleAt([socket({ load: 1 }), connecting, draining], 100, 0)).toBe(Infinity);
  });
});

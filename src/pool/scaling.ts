/** How many sockets are wanted, which are too many, and when that may change by itself. Pure functions of what they are given. */
import type { Candidate } from './select.js';

/** What growing and shrinking need to know of a connection. */
export interface SocketInfo extends Pick<Candidate, 'state' | 'load' | 'aging'> {
  /** Since when nothing runs, by the monotonic clock. */
  readonly idleSince: number;
}

/** How many there are of each kind that matters. */
export interface PoolCounts {
  /** Those that stay or come: neither draining nor about to. */
  readonly living: number;
  readonly connecting: number;
  /** Ready, but due for retirement. */
  readonly aging: number;
}

export function countSockets(connections: Iterable<SocketInfo>): PoolCounts {
  let living = 0;
  let connecting = 0;
  let aging = 0;
  for (const connection of connections) {
    if (connection.state === 'connecting') connecting += 1;
    if (connection.aging && connection.state === 'ready') aging += 1;
    else if (connection.state !== 'draining') living += 1;
  }
  return { living, connecting, aging };
}

export interface PoolDemand {
  /** Requests that wait for a socket. */
  readonly waiting: number;
  readonly maxPerSocket: number;
  /** Sockets to keep open with nothing to do. */
  readonly warm: number;
  /** Upstream refused us: somebody has to find out when it no longer does. */
  readonly isRefused: boolean;
}

/** @returns how many more sockets the line, the warm stock or a retiring socket asks for. */
export function socketsWanted({ living, connecting, aging }: PoolCounts, demand: PoolDemand): number {
  const { waiting, maxPerSocket, warm, isRefused } = demand;
  const forLine = Math.ceil(waiting / maxPerSocket) - connecting;
  const forStock = warm - living;
  const forSuccession = aging > 0 && living === 0 ? 1 : 0;
  const forRecovery = isRefused && living === 0 ? 1 : 0;
  return Math.max(0, forLine, forStock, forSuccession, forRecovery);
}

/** Aging sockets whose successor is ready, and idle ones above the warm stock. */
export function toRetire<S extends SocketInfo>(
  connections: Iterable<S>,
  { warm, idleMs, now }: { warm: number; idleMs: number; now: number },
): S[] {
  const found: S[] = [];
  let fresh = 0;
  for (const { state, aging } of connections) if (state === 'ready' && !aging) fresh += 1;
  let spare = fresh - warm;
  for (const connection of connections) {
    if (connection.state !== 'ready') continue;
    if (connection.aging) {
      if (fresh > 0) found.push(connection);
    } else if (spare > 0 && connection.load === 0 && now - connection.idleSince >= idleMs) {
      spare -= 1;
      found.push(connection);
    }
  }
  return found;
}

/** @returns when the next socket will have had nothing to do for too long; Infinity where none has begun to. */
export function nextIdleAt(connections: Iterable<SocketInfo>, idleMs: number, now: number): number {
  let earliest = Infinity;
  for (const { state, load, idleSince } of connections) {
    if (state !== 'ready' || load > 0) continue;
    const idleAt = idleSince + idleMs;
    if (idleAt > now) earliest = Math.min(earliest, idleAt);
  }
  return earliest;
}

/** How many sockets are needed, which ones to retire, and when the next becomes idle for too long. Pure functions. */
import type { Candidate } from './select.js';

export interface SocketInfo extends Pick<Candidate, 'state' | 'load' | 'aging'> {
  /** When its load last became 0, by the monotonic clock. */
  readonly idleSince: number;
}

export interface PoolCounts {
  /** Connecting, or ready and not due for retirement. */
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
  /** Requests in the queue. */
  readonly waiting: number;
  readonly maxPerSocket: number;
  /** Sockets to keep open while idle. */
  readonly warm: number;
  /** Upstream refused us; one socket has to find out when it no longer does. */
  readonly isRefused: boolean;
}

/** @returns how many more sockets the queue, the warm stock, retirement or a refusal call for. */
export function socketsWanted({ living, connecting, aging }: PoolCounts, demand: PoolDemand): number {
  const { waiting, maxPerSocket, warm, isRefused } = demand;
  const forQueue = Math.ceil(waiting / maxPerSocket) - connecting;
  const forStock = warm - living;
  const forSuccession = aging > 0 && living === 0 ? 1 : 0;
  const forRecovery = isRefused && living === 0 ? 1 : 0;
  return Math.max(0, forQueue, forStock, forSuccession, forRecovery);
}

/** Aging sockets that have a ready successor, and idle ones above the warm stock. */
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

/** @returns when the next socket will have been idle for `idleMs`; Infinity where none is idle. */
export function nextIdleAt(connections: Iterable<SocketInfo>, idleMs: number, now: number): number {
  let earliest = Infinity;
  for (const { state, load, idleSince } of connections) {
    if (state !== 'ready' || load > 0) continue;
    const idleAt = idleSince + idleMs;
    if (idleAt > now) earliest = Math.min(earliest, idleAt);
  }
  return earliest;
}

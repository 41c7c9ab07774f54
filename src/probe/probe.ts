/** Finds out how a Realtime server can be used: its dialect, and the first level of isolation that holds. */
import { resample } from '../audio/resample.js';
import type { IsolationLevel } from '../providers/isolation-level.js';
import { createIsolation } from '../upstream/isolation/levels.js';
import { dialects, type DialectName, type SessionSettings } from '../wire/index.js';
import { LEVEL_CHECKS, type LevelFindings } from './levels.js';
import { ProbeError, ProbeSocket, type ProbeTarget } from './probe-socket.js';

export interface ProbeAttempt extends LevelFindings {
  readonly dialect: DialectName;
  readonly level: IsolationLevel;
}

export interface ProbeResult {
  readonly attempts: readonly ProbeAttempt[];
  /** The one that holds; absent: none does. */
  readonly found: ProbeAttempt | undefined;
}

type Candidate = readonly [DialectName, IsolationLevel];

/** By whether the session is nested, as since 2025, or flat, as in 2024: the strongest level first. */
const CANDIDATES: Readonly<Record<'nested' | 'flat', readonly Candidate[]>> = {
  nested: [
    ['ga', 'reference'],
    ['ga', 'inline'],
    ['ga', 'sweep'],
    ['ga', 'fresh'],
  ],
  flat: [
    ['preview', 'reference'],
    ['preview', 'inline'],
    ['voicelive', 'inline'],
    ['preview', 'sweep'],
    ['preview', 'fresh'],
  ],
};

const SETTINGS: SessionSettings = {
  ...{ output: 'text', inputFormat: 'pcm16', outputFormat: 'pcm16', turnDetection: null },
  ...{ tools: [], toolChoice: 'none' },
};
/** How long `session.updated` may take. */
const CONFIGURED_MS = 5_000;
/** A server with one session frees it some time after a socket has closed. */
const FULL_RETRY_MS = 250;
const FULL_RETRIES = 20;

/** @throws ProbeError where the server is out of reach, or refuses us */
export async function probe(
  target: ProbeTarget,
  report: (attempt: ProbeAttempt) => void,
): Promise<ProbeResult> {
  const attempts: ProbeAttempt[] = [];
  for (const [dialect, level] of CANDIDATES[await shapeOf(target)]) {
    const attempt = { dialect, level, ...(await attemptOf(target, dialect, level)) };
    attempts.push(attempt);
    report(attempt);
    if (attempt.holds) return { attempts, found: attempt };
  }
  return { attempts, found: undefined };
}

/** Servers of 2024 may want their header; those that refuse it are asked without. */
async function shapeOf(target: ProbeTarget): Promise<'nested' | 'flat'> {
  const socket = await open(target, 'ga').catch(async (error: unknown) => {
    return open(target, 'preview').catch(() => {
      throw error;
    });
  });
  socket.close();
  return socket.shape ?? 'nested';
}

async function attemptOf(
  target: ProbeTarget,
  dialect: DialectName,
  level: IsolationLevel,
): Promise<LevelFindings> {
  let socket: ProbeSocket;
  try {
    socket = await open(target, dialect);
  } catch (error) {
    if (!(error instanceof ProbeError)) throw error;
    return { holds: false, reason: error.message };
  }
  try {
    const isolation = createIsolation(level, resample);
    const session = isolation.settings(SETTINGS, dialects[dialect]);
    socket.send({ type: 'session.configure', eventId: 'probe_session', session });
    const fallback = isolation.fallback?.(SETTINGS, dialects[dialect]);
    const isUpdated = (): boolean => socket.events.some(({ type }) => type === 'session.updated');
    const isRefused = (): boolean => isolation.faultGraceMs === 0 && socket.faults > 0;
    await socket.until(() => isUpdated() || isRefused() || socket.faults > 0, CONFIGURED_MS);
    if (!isUpdated() && socket.faults > 0 && fallback !== undefined)
      socket.send({ type: 'session.configure', eventId: 'probe_fallback', session: fallback });
    await socket.until(() => isUpdated() || isRefused(), CONFIGURED_MS);
    if (isRefused() || !isUpdated())
      return { holds: false, reason: 'the settings of a session are not acknowledged' };
    return await LEVEL_CHECKS[level](socket);
  } finally {
    socket.close();
  }
}

/** A session that has begun. */
async function open(target: ProbeTarget, dialect: DialectName): Promise<ProbeSocket> {
  for (let left = FULL_RETRIES; ; left -= 1) {
    const socket = new ProbeSocket(target, dialects[dialect]);
    try {
      await socket.begun();
      return socket;
    } catch (error) {
      socket.close();
      if (!socket.isFull || left === 0) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, FULL_RETRY_MS));
  }
}

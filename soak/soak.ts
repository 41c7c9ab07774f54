/** One soak from its first process to its last: everything started, loaded, troubled, measured and taken down. */
import { setMaxListeners } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis } from '../test/support/redis.js';
import { Child } from './child.js';
import { runCrowd } from './crowd.js';
import { Fleet } from './fleet.js';
import { Ledger } from './ledger.js';
import type { Reading, ServiceNode } from './node.js';
import type { Options } from './options.js';
import { tone, wavOf } from './question.js';
import { Random } from './random.js';
import { Recordings } from './recordings.js';
import type { Outcome } from './report.js';
import { TRANSLATE } from './texts.js';
import { Weather } from './weather.js';
import { pause } from './pause.js';

const KEYS = ['soak-key-one', 'soak-key-two', 'soak-key-three'] as const;
/** Below it, what takes tens of seconds is left out. */
const SHORT_MINUTES = 1;
/** Keep-alive connections and idle pool sockets are given up after seconds. */
const SETTLE_WITHIN_MS = 20_000;

/** @param interrupted ends the load early; what was measured until then is reported all the same */
export async function soak(options: Options, interrupted: AbortSignal): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'soak-'));
  const redis = options.redis ? await startRedis() : undefined;
  const upstream = new Child('upstream.ts', process.env);
  let fleet: Fleet | undefined;
  try {
    const upstreamUrl = await upstream.hear((message) => (message as { url?: string }).url);
    const random = new Random(options.seed);
    fleet = await Fleet.start(environment(folder, upstreamUrl, redis?.url), random);
    return await underLoad(options, interrupted, { fleet, upstream, redis, random, folder });
  } finally {
    await fleet?.stop();
    upstream.kill('SIGKILL');
    await upstream.exited;
    await redis?.stop();
    await rm(folder, { recursive: true });
  }
}

/** All is as it is by default but for what has to happen within minutes. */
function environment(
  folder: string,
  upstreamUrl: string,
  redisUrl: string | undefined,
): Record<string, string> {
  return {
    ...{ PORT: '0', UPLOAD_DIR: folder, API_KEYS: KEYS.join(','), RATE_LIMIT_PER_MINUTE: '1000000' },
    // All come from one address, some with keys that are none.
    ...{ MAX_CONCURRENT_PER_KEY: '0', FAILED_KEYS_PER_MINUTE: '0' },
    ...{ REALTIME_PROVIDER: 'compatible', REALTIME_URL: upstreamUrl },
    ...{ RESPONSE_TIMEOUT_MS: '25000', CONNECT_TIMEOUT_MS: '5000' },
    // Sessions and sockets come to their end while we look.
    ...{ SESSION_TTL_MS: '20000', POOL_IDLE_MS: '3000', RELAY_MAX_PER_CLIENT: '50' },
    ...(redisUrl !== undefined && { REDIS_URL: redisUrl }),
  };
}

interface Site {
  readonly fleet: Fleet;
  readonly upstream: Child;
  readonly redis: Awaited<ReturnType<typeof startRedis>> | undefined;
  readonly random: Random;
  readonly folder: string;
}

async function underLoad(options: Options, interrupted: AbortSignal, site: Site): Promise<Outcome> {
  const { fleet, upstream, redis, random, folder } = site;
  const ledger = new Ledger();
  const isShort = options.minutes < SHORT_MINUTES;
  const recordings = await Recordings.make();
  const { steady } = fleet;
  await translateOnce(steady);
  const before = await settled(steady, undefined);

  const ending = new AbortController();
  const timer = setTimeout(() => {
    ending.abort();
  }, options.minutes * 60_000);
  const over = AbortSignal.any([interrupted, ending.signal]);
  // One for each client and its pause.
  setMaxListeners(0, over);
  const weather = new Weather({ ...{ upstream, fleet, redis, random, ledger, isShort }, key: KEYS[0] });
  const startedAt = performance.now();
  const samples: Reading[] = [];
  const faults: string[] = [];
  await Promise.all([
    runCrowd(
      {
        ...{ clients: options.clients, seed: options.seed, keys: KEYS, target: fleet.target },
        ...{ sharesSessions: redis !== undefined, isShort, recordings, ledger },
      },
      over,
    ),
    weather.run(over),
    sample(steady, isShort ? 1_000 : 5_000, over, samples).catch((error: unknown) => {
      faults.push(`no reading: ${String(error)}`);
    }),
  ]);
  clearTimeout(timer);
  const seconds = (performance.now() - startedAt) / 1_000;

  await dropConnections();
  const after = await settled(steady, before);
  await fleet.stop();
  const filesLeft = (await readdir(folder)).filter((name) => !name.startsWith('.'));
  return {
    ...{ options, seconds, ledger, before, after, samples, filesLeft },
    faults: [...faults, ...fleet.faults, ...weather.faults],
    complaints: fleet.complaints,
    happened: weather.happened,
    recoveriesMs: weather.recoveriesMs,
  };
}

/** Of `fetch`, which keeps them for as long as the service would; afterwards there is no fetching any more. */
async function dropConnections(): Promise<void> {
  const key = Symbol.for('undici.globalDispatcher.1');
  const dispatcher = Reflect.get(globalThis, key) as { destroy: () => Promise<void> } | undefined;
  await dispatcher?.destroy();
}

/** So that what is made at the first request is there, the ffmpeg processes that wait for the next recording too. */
async function translateOnce(node: ServiceNode): Promise<void> {
  const headers = { 'x-api-key': KEYS[0], connection: 'close' };
  const bodies = [new URLSearchParams({ text: 'first' }), recordedAt(44_100), recordedAt(48_000)];
  for (const body of bodies) {
    const answer = await fetch(`${node.url}${TRANSLATE}`, { method: 'POST', headers, body });
    await answer.arrayBuffer();
  }
}

function recordedAt(rate: number): FormData {
  const form = new FormData();
  form.set('file', new Blob([new Uint8Array(wavOf(tone(440, 200, rate), rate))]), 'first.wav');
  return form;
}

/** Idle: at most what there was before, or what is left when time is up. */
async function settled(node: ServiceNode, before: Reading | undefined): Promise<Reading> {
  const deadline = performance.now() + SETTLE_WITHIN_MS;
  for (;;) {
    await pause(1_000);
    const now = await node.read();
    if (before === undefined) return now;
    const isBack = (['sockets', 'children', 'timers'] as const).every((what) => now[what] <= before[what]);
    if (isBack || performance.now() > deadline) return now;
  }
}

/** Each reading stops the node for a collection, so there are not many. */
async function sample(
  node: ServiceNode,
  everyMs: number,
  over: AbortSignal,
  samples: Reading[],
): Promise<void> {
  while (!(await pause(everyMs, over))) samples.push(await node.read());
}

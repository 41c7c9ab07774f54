/** Runs one soak: starts the processes, applies load and chaos, measures, and stops everything. */
import { setMaxListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { filesIn } from '../test/support/files-in.js';
import { startRedis } from '../test/support/redis.js';
import { Child } from './child.js';
import { runLoad } from './load.js';
import { Fleet } from './fleet.js';
import { Results } from './results.js';
import type { NodeStats, ServiceNode } from './node.js';
import type { Options } from './options.js';
import { tone, wavOf } from './oracle.js';
import { Random } from './random.js';
import { Recordings } from './recordings.js';
import type { Outcome } from './report.js';
import { TRANSLATE } from './texts.js';
import { Chaos } from './chaos.js';
import { pause } from './pause.js';

const KEYS = ['soak-key-one', 'soak-key-two', 'soak-key-three'] as const;
/** A shorter run leaves out what takes tens of seconds. */
const SHORT_MINUTES = 1;
/** Keep-alive connections and idle pool sockets are closed after some seconds. */
const SETTLE_WITHIN_MS = 20_000;

/** @param abort ends the load early; the report then covers what was measured until then */
export async function soak(options: Options, abort: AbortSignal): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'soak-'));
  const redis = options.redis ? await startRedis() : undefined;
  const upstream = new Child('upstream.ts', process.env);
  let fleet: Fleet | undefined;
  try {
    const upstreamUrl = await upstream.waitFor((message) => (message as { url?: string }).url);
    const random = new Random(options.seed);
    fleet = await Fleet.start(environment(folder, upstreamUrl, redis?.url), random);
    return await runUnderLoad(options, abort, { fleet, upstream, redis, random, folder });
  } finally {
    await fleet?.stop();
    upstream.kill('SIGKILL');
    await upstream.exited;
    await redis?.stop();
    await rm(folder, { recursive: true });
  }
}

/** Defaults, except for what has to happen within minutes. */
function environment(
  folder: string,
  upstreamUrl: string,
  redisUrl: string | undefined,
): Record<string, string> {
  return {
    ...{ PORT: '0', UPLOAD_DIR: folder, API_KEYS: KEYS.join(','), RATE_LIMIT_PER_MINUTE: '1000000' },
    // All clients share one address, and some send invalid keys.
    ...{ MAX_CONCURRENT_PER_KEY: '0', FAILED_KEYS_PER_MINUTE: '0' },
    ...{ REALTIME_PROVIDER: 'compatible', REALTIME_URL: upstreamUrl },
    ...{ RESPONSE_TIMEOUT_MS: '25000', CONNECT_TIMEOUT_MS: '5000' },
    // Short enough for sessions and sockets to expire during the run.
    ...{ SESSION_TTL_MS: '20000', POOL_IDLE_MS: '3000', RELAY_MAX_PER_CLIENT: '50' },
    ...(redisUrl !== undefined && { REDIS_URL: redisUrl }),
  };
}

interface TestBed {
  readonly fleet: Fleet;
  readonly upstream: Child;
  readonly redis: Awaited<ReturnType<typeof startRedis>> | undefined;
  readonly random: Random;
  readonly folder: string;
}

async function runUnderLoad(options: Options, abort: AbortSignal, testBed: TestBed): Promise<Outcome> {
  const { fleet, upstream, redis, random, folder } = testBed;
  const results = new Results();
  const isShort = options.minutes < SHORT_MINUTES;
  const recordings = await Recordings.create();
  const { steady } = fleet;
  await warmUp(steady);
  const before = await idleStats(steady, undefined);

  const ending = new AbortController();
  const timer = setTimeout(() => {
    ending.abort();
  }, options.minutes * 60_000);
  const signal = AbortSignal.any([abort, ending.signal]);
  // Each client listens, and so does each of its pauses.
  setMaxListeners(0, signal);
  const chaos = new Chaos({ ...{ upstream, fleet, redis, random, results, isShort }, key: KEYS[0] });
  const startedAt = performance.now();
  const samples: NodeStats[] = [];
  const faults: string[] = [];
  await Promise.all([
    runLoad(
      {
        ...{ clients: options.clients, seed: options.seed, keys: KEYS, pickNode: fleet.pickNode },
        ...{ sharesSessions: redis !== undefined, isShort, recordings, results },
      },
      signal,
    ),
    chaos.run(signal),
    collectStats(steady, isShort ? 1_000 : 5_000, signal, samples).catch((error: unknown) => {
      faults.push(`no statistics: ${String(error)}`);
    }),
  ]);
  clearTimeout(timer);
  const seconds = (performance.now() - startedAt) / 1_000;

  await dropConnections();
  const after = await idleStats(steady, before);
  await fleet.stop();
  const filesLeft = (await filesIn(folder)).filter((name) => !name.startsWith('.'));
  return {
    ...{ options, seconds, results, before, after, samples, filesLeft },
    faults: [...faults, ...fleet.faults, ...chaos.faults],
    errorLines: fleet.errorLines,
    disruptions: chaos.counts,
    recoveriesMs: chaos.recoveriesMs,
  };
}

/** Closes the keep-alive connections of `fetch`, which cannot be used afterwards. */
async function dropConnections(): Promise<void> {
  const key = Symbol.for('undici.globalDispatcher.1');
  const dispatcher = Reflect.get(globalThis, key) as { destroy: () => Promise<void> } | undefined;
  await dispatcher?.destroy();
}

/** The default of FFMPEG_SPARE. */
const SPARE_PROCESSES = 2;
const WARM_UP_ROUNDS = 50;

/** Creates what the first requests create: as many ffmpeg processes as may wait, resident ones and spare ones. */
async function warmUp(node: ServiceNode): Promise<void> {
  const headers = { 'x-api-key': KEYS[0], connection: 'close' };
  const send = async (body: FormData | URLSearchParams): Promise<void> => {
    const answer = await fetch(`${node.url}${TRANSLATE}`, { method: 'POST', headers, body });
    await answer.arrayBuffer();
  };
  await send(new URLSearchParams({ text: 'first' }));
  const residents = availableParallelism() + SPARE_PROCESSES;
  for (let kind = 0; kind < residents; kind += 1)
    await send(formOf(wavOf(tone(440, 200, 8_000, kind + 1), 8_000, kind + 1)));
  const isComplete = async (): Promise<boolean> =>
    (await node.stats()).children >= residents + SPARE_PROCESSES;
  // Each of several at a time leaves a spare process behind, one after the other use the same.
  for (let round = 0; round < WARM_UP_ROUNDS && !(await isComplete()); round += 1)
    await Promise.all(Array.from({ length: SPARE_PROCESSES }, () => send(formOf(auOf(tone(440, 200))))));
}

function formOf(file: Buffer): FormData {
  const form = new FormData();
  form.set('file', new Blob([new Uint8Array(file)]), 'first');
  return form;
}

/** @param pcm PCM16LE mono 24 kHz. */
function auOf(pcm: Buffer): Buffer {
  const header = Buffer.alloc(24);
  header.write('.snd');
  [24, pcm.length, 3, 24_000, 1].forEach((value, at) => header.writeUInt32BE(value, 4 + at * 4));
  return Buffer.concat([header, Buffer.from(pcm).swap16()]);
}

/** The statistics of the idle node: once they are back at `before`, or after SETTLE_WITHIN_MS. */
async function idleStats(node: ServiceNode, before: NodeStats | undefined): Promise<NodeStats> {
  const deadline = performance.now() + SETTLE_WITHIN_MS;
  for (;;) {
    await pause(1_000);
    const now = await node.stats();
    if (before === undefined) return now;
    const isBack = (['sockets', 'children', 'timers'] as const).every((what) => now[what] <= before[what]);
    if (isBack || performance.now() > deadline) return now;
  }
}

/** Each sample stops the node for a garbage collection, so samples are few. */
async function collectStats(
  node: ServiceNode,
  everyMs: number,
  signal: AbortSignal,
  samples: NodeStats[],
): Promise<void> {
  while (!(await pause(everyMs, signal))) samples.push(await node.stats());
}

/** Recordings: the latency that one adds over a sentence, and how many a second the cores can decode. */
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import type { Remote } from '../ipc.js';
import type { LoadCommands } from '../load.js';
import type { HttpLoad } from '../load/http.js';
import type { Latencies } from '../load/latencies.js';
import { alternate, median, pairwise } from '../measure.js';
import type { Target } from '../test-bed.js';
import type { Entry } from '../table.js';
import { ANSWER, HEADERS, makeSessions } from './client.js';
import type { Pace, Part } from './part.js';
import { ffmpegBinary, FOREIGN, SECONDS, writeWav, type Foreign } from './recordings.js';
import { textLoad } from './text.js';

const CLIENTS = 8;
const BYTES_PER_SECOND = 48_000;

/** No process is pinned here: ffmpeg may use every core on both sides. */
export const audio: Part = async (testBed, pace) => {
  const ffmpeg = ffmpegBinary();
  const { urls } = await testBed.upstream('anywhere');
  const load = await testBed.load('anywhere');
  const service = await testBed.service({
    upstream: urls.replay,
    env: { FFMPEG_PATH: ffmpeg },
    place: 'anywhere',
  });
  const connectIds = await makeSessions(service.url, Math.max(1, Math.round(CLIENTS * pace.scale)));
  const ready = await writeWav(testBed.folder, 24_000, 1);
  if (spawnSync(ffmpeg, ['-version']).status !== 0)
    return [{ measure: 'recordings', skipped: `${ffmpeg} cannot be started; install ffmpeg` }];
  const setting = { load, pace, service, connectIds, ffmpeg };
  const entries = [await readyRecording(setting, ready, urls.replay)];
  for (const format of FOREIGN) {
    const file = await writeWav(testBed.folder, format.sampleRate, format.channels, format.bits);
    entries.push(await oneClient(setting, format, file), await manyClients(setting, format, file));
  }
  return entries;
};

interface Setting {
  readonly load: Remote<LoadCommands>;
  readonly pace: Pace;
  readonly service: Target;
  readonly connectIds: readonly string[];
  readonly ffmpeg: string;
}

/** Each client uploads the same file, again and again. */
export function uploadLoad(
  target: Pick<Target, 'url'>,
  connectIds: readonly string[],
  file: string,
  durationMs: number,
): HttpLoad {
  return {
    url: `${target.url}/api/realtime/translate`,
    headers: HEADERS,
    bodies: connectIds.map((connectId) => ({ file, fields: { connectId } })),
    expected: ANSWER,
    durationMs,
  };
}

const p50 = (rounds: readonly Latencies[]): number => median(rounds.map((round) => round.p50));

/** How much longer each round took with sound than with a sentence, at the median. */
function added(sound: readonly Latencies[], sentences: readonly Latencies[]): number[] {
  return pairwise(sound, sentences, (one, other) => one.p50 - other.p50);
}

async function readyRecording(setting: Setting, file: string, upstream: string): Promise<Entry> {
  const { load, pace, service, connectIds } = setting;
  const one = connectIds.slice(0, 1);
  const audioBytes = SECONDS * BYTES_PER_SECOND;
  const sides = (durationMs: number) => ({
    sentence: () => load.call('request', textLoad(service, one, durationMs)),
    ready: () => load.call('request', uploadLoad(service, one, file, durationMs)),
    directSentence: () => load.call('direct', { url: upstream, durationMs: durationMs / 2 }),
    directSound: () => load.call('direct', { url: upstream, durationMs: durationMs / 2, audioBytes }),
  });
  await alternate(1, sides(pace.warmMs / 2));
  const results = await alternate(pace.rounds, sides(pace.roundMs / 2));
  const upstreamMs = p50(results.directSound) - p50(results.directSentence);
  return {
    measure: `WAV PCM16 mono 24 kHz, ${SECONDS} s, one client, added over text`,
    against: '–',
    figures: added(results.ready, results.sentence),
    unit: 'ms',
    aim: { atMost: 3 },
    note: `${p50(results.ready).toFixed(2)} ms, a sentence ${p50(results.sentence).toFixed(2)} ms; of the difference ${upstreamMs.toFixed(2)} ms are the upstream's own, called directly with such a frame`,
  };
}

/** One client that sends the next recording as soon as the last has been answered. */
async function oneClient(setting: Setting, { name, tolerance }: Foreign, file: string): Promise<Entry> {
  const { load, pace, service, connectIds, ffmpeg } = setting;
  const one = connectIds.slice(0, 1);
  const sides = (durationMs: number) => ({
    sentence: () => load.call('request', textLoad(service, one, durationMs)),
    sound: () => load.call('request', uploadLoad(service, one, file, durationMs)),
    spawned: () => load.call('decode', { ffmpeg, file, concurrency: 1, durationMs: 2 * durationMs }),
  });
  await alternate(1, sides(pace.warmMs / 2));
  const { sentence, sound, spawned } = await alternate(pace.rounds, sides(pace.roundMs / 2));
  return {
    measure: `${name}, ${SECONDS} s, one client, added over text`,
    against: 'one plain spawn of the same ffmpeg on the file',
    figures: pairwise(added(sound, sentence), spawned, (ms, plain) => ms / plain.p50),
    unit: '×',
    aim: { atMost: 0.2 * (1 + tolerance) },
    note: `${p50(sound).toFixed(1)} ms, a sentence ${p50(sentence).toFixed(2)} ms, the plain spawn ${p50(spawned).toFixed(1)} ms`,
  };
}

async function manyClients(setting: Setting, { name, tolerance }: Foreign, file: string): Promise<Entry> {
  const { load, pace, service, connectIds, ffmpeg } = setting;
  const concurrency = availableParallelism();
  const results = await alternate(pace.rounds, {
    service: () => load.call('request', uploadLoad(service, connectIds, file, pace.roundMs)),
    plain: () => load.call('decode', { ffmpeg, file, concurrency, durationMs: pace.roundMs }),
  });
  const perSecond = (rounds: readonly Latencies[]): string =>
    median(rounds.map((round) => round.perSecond)).toFixed(1);
  return {
    measure: `${name}, ${SECONDS} s, ${CLIENTS} clients, recordings/s`,
    against: `${concurrency} plain ffmpeg at a time, back to back`,
    figures: pairwise(results.service, results.plain, (ours, theirs) => ours.perSecond / theirs.perSecond),
    unit: '×',
    aim: { atLeast: 4 * (1 - tolerance) },
    note: `${perSecond(results.service)}/s against ${perSecond(results.plain)}/s`,
  };
}

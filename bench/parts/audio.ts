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
import { ffmpegBinary, SECONDS, writeWav } from './recordings.js';
import { textLoad } from './text.js';

const CLIENTS = 8;
const BYTES_PER_SECOND = 48_000;
/** Shorter than a person pauses between two recordings, and long enough for the next warm process to start. */
const PAUSE_MS = 200;

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
  const toResample = await writeWav(testBed.folder, 44_100, 2);
  if (spawnSync(ffmpeg, ['-version']).status !== 0)
    return [{ measure: 'recordings', skipped: `${ffmpeg} cannot be started; install ffmpeg` }];
  const setting = { load, pace, service, connectIds, ffmpeg, toResample };
  return [...(await oneClient(setting, ready, urls.replay)), await manyClients(setting)];
};

interface Setting {
  readonly load: Remote<LoadCommands>;
  readonly pace: Pace;
  readonly service: Target;
  readonly connectIds: readonly string[];
  readonly ffmpeg: string;
  readonly toResample: string;
}

/** Each client uploads the same file, again and again. */
export function uploadLoad(
  target: Pick<Target, 'url'>,
  connectIds: readonly string[],
  file: string,
  durationMs: number,
  pauseMs = 0,
): HttpLoad {
  return {
    pauseMs,
    url: `${target.url}/api/realtime/translate`,
    headers: HEADERS,
    bodies: connectIds.map((connectId) => ({ file, fields: { connectId } })),
    expected: ANSWER,
    durationMs,
  };
}

async function oneClient(setting: Setting, ready: string, upstream: string): Promise<Entry[]> {
  const { load, pace, service, connectIds, ffmpeg, toResample } = setting;
  const one = connectIds.slice(0, 1);
  const audioBytes = SECONDS * BYTES_PER_SECOND;
  const sides = (durationMs: number) => ({
    sentence: () => load.call('request', textLoad(service, one, durationMs)),
    ready: () => load.call('request', uploadLoad(service, one, ready, durationMs)),
    foreign: () => load.call('request', uploadLoad(service, one, toResample, 3 * durationMs, PAUSE_MS)),
    withoutPause: () => load.call('request', uploadLoad(service, one, toResample, durationMs)),
    spawned: () =>
      load.call('decode', { ffmpeg, file: toResample, concurrency: 1, durationMs: 2 * durationMs }),
    directSentence: () => load.call('direct', { url: upstream, durationMs: durationMs / 2 }),
    directSound: () => load.call('direct', { url: upstream, durationMs: durationMs / 2, audioBytes }),
  });
  await alternate(1, sides(pace.warmMs / 2));
  const results = await alternate(pace.rounds, sides(pace.roundMs / 2));
  const p50 = (rounds: readonly Latencies[]): number => median(rounds.map((round) => round.p50));
  const added = (rounds: readonly Latencies[]): number[] =>
    pairwise(rounds, results.sentence, (sound, sentence) => sound.p50 - sentence.p50);
  const upstreamMs = p50(results.directSound) - p50(results.directSentence);
  return [
    {
      measure: `WAV PCM16 mono 24 kHz, ${SECONDS} s, one client, added over text`,
      against: '–',
      figures: added(results.ready),
      unit: 'ms',
      aim: { atMost: 3 },
      note: `${p50(results.ready).toFixed(2)} ms, a sentence ${p50(results.sentence).toFixed(2)} ms; of the difference ${upstreamMs.toFixed(2)} ms are the upstream's own, called directly with such a frame`,
    },
    {
      measure: `WAV 44.1 kHz stereo, ${SECONDS} s, one client, added over text`,
      against: 'one plain spawn of the same ffmpeg on the file',
      figures: pairwise(added(results.foreign), results.spawned, (ms, spawned) => ms / spawned.p50),
      unit: '×',
      aim: { atMost: 0.5 },
      note: `${p50(results.foreign).toFixed(1)} ms for a client that takes ${PAUSE_MS} ms between two, the plain spawn ${p50(results.spawned).toFixed(1)} ms; ${p50(results.withoutPause).toFixed(1)} ms for one that sends the next at once, for then the process that is to wait for it is only being started`,
    },
  ];
}

async function manyClients({ load, pace, service, connectIds, ffmpeg, toResample }: Setting): Promise<Entry> {
  const concurrency = availableParallelism();
  const results = await alternate(pace.rounds, {
    service: () => load.call('request', uploadLoad(service, connectIds, toResample, pace.roundMs)),
    plain: () => load.call('decode', { ffmpeg, file: toResample, concurrency, durationMs: pace.roundMs }),
  });
  const perSecond = (rounds: readonly Latencies[]): string =>
    median(rounds.map((round) => round.perSecond)).toFixed(1);
  return {
    measure: `WAV 44.1 kHz stereo, ${SECONDS} s, ${CLIENTS} clients, recordings/s`,
    against: `${concurrency} plain ffmpeg at a time, back to back`,
    figures: pairwise(results.service, results.plain, (ours, theirs) => ours.perSecond / theirs.perSecond),
    unit: '×',
    aim: { atLeast: 0.9 },
    note: `${perSecond(results.service)}/s against ${perSecond(results.plain)}/s`,
  };
}

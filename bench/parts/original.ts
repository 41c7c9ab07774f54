/** Compares with the original project's way of working: each request opens a conversation with a prompt and translates. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import type { Body } from '../load/http.js';
import type { Latencies } from '../load/latencies.js';
import { alternate, median, pairwise } from '../measure.js';
import type { Target } from '../test-bed.js';
import type { Entry } from '../table.js';
import { hasOpenssl, makeCertificate } from '../upstream/certificate.js';
import { ANSWER, HEADERS, SENTENCE } from './client.js';
import type { Part } from './part.js';
import { ffmpegBinary, FOREIGN, SECONDS, writeWav } from './recordings.js';

const AGAINST = 'the original way: a socket per session, ffprobe and ffmpeg with files per upload';
/** Every provider requires TLS. */
const OVER_TLS = 'both over TLS';
const BYTES_PER_SECOND = 48_000;

interface Sides {
  readonly ours: readonly Latencies[];
  readonly theirs: readonly Latencies[];
}

export const original: Part = async (testBed, pace) => {
  const ffmpeg = ffmpegBinary();
  if (spawnSync('ffprobe', ['-version']).status !== 0)
    return [{ measure: 'the original way', skipped: 'ffprobe cannot be started; install ffmpeg' }];
  if (!hasOpenssl())
    return [{ measure: 'the original way', skipped: 'openssl cannot be started; install openssl' }];
  const { urls, remote } = await testBed.upstream('anywhere');
  const { certificate, file } = await makeCertificate(testBed.folder);
  const secure = await remote.call('secure', certificate);
  const load = await testBed.load('anywhere');
  const trusting = { NODE_EXTRA_CA_CERTS: file };
  const env = { ...trusting, FFMPEG_PATH: ffmpeg, SESSION_MAX: '10000000' };
  const service = (upstream: string): Promise<Target> =>
    testBed.service({ upstream, env, place: 'anywhere' });
  const theirs = (upstream: string): Promise<Target> =>
    testBed.baseline(
      'original',
      {
        ...trusting,
        REALTIME_URL: upstream,
        FFMPEG: ffmpeg,
        UPLOAD_DIR: path.join(testBed.folder, 'original'),
      },
      'anywhere',
    );
  const overTls = { ours: await service(secure), theirs: await theirs(secure) };
  const unencrypted = { ours: await service(urls.replay), theirs: await theirs(urls.replay) };
  const distant = { ours: await service(urls.distant), theirs: await theirs(urls.distant) };
  const recordings = [
    { name: 'WAV 24 kHz mono', tolerance: 0, file: await writeWav(testBed.folder, 24_000, 1) },
  ];
  for (const { name, tolerance, sampleRate, channels, bits } of FOREIGN)
    recordings.push({ name, tolerance, file: await writeWav(testBed.folder, sampleRate, channels, bits) });

  const prompt = (number: number): string => `Translate into Spanish, as number ${number} would.`;
  const kinds: readonly {
    name: string;
    clients: number;
    body: (number: number) => Body;
    audioBytes?: number;
    tolerance: number;
  }[] = [
    {
      name: 'text',
      clients: 64,
      body: (number) => ({ json: { text: SENTENCE, prompt: prompt(number) } }),
      tolerance: 0,
    },
    ...recordings.map(({ name, tolerance, file }) => ({
      name: `${name}, ${SECONDS} s`,
      clients: 8,
      body: (number: number) => ({ file, fields: { prompt: prompt(number) } }),
      audioBytes: SECONDS * BYTES_PER_SECOND,
      tolerance,
    })),
  ];
  const entries: Entry[] = [];
  for (const { name, clients: all, body, audioBytes, tolerance } of kinds) {
    const clients = Math.max(1, Math.round(all * pace.scale));
    const ask = (target: Target, count: number, durationMs: number): Promise<Latencies> =>
      load.call('request', {
        url: `${target.url}/api/realtime/translate`,
        headers: HEADERS,
        bodies: Array.from({ length: count }, (_, number) => body(number)),
        expected: ANSWER,
        durationMs,
      });
    const sidesFor = (sides: typeof overTls, durationMs: number) => ({
      ours: () => ask(sides.ours, clients, durationMs),
      theirs: () => ask(sides.theirs, clients, durationMs),
    });
    const measure = async (sides: typeof overTls): Promise<Sides> => {
      await alternate(1, sidesFor(sides, pace.warmMs / 2));
      return alternate(pace.rounds, sidesFor(sides, pace.roundMs));
    };
    const many = await measure(overTls);
    // With recordings ffmpeg dominates and TLS hardly counts.
    const open = audioBytes === undefined ? await measure(unencrypted) : undefined;
    const rate = (rounds: readonly Latencies[]): string =>
      median(rounds.map((round) => round.perSecond)).toFixed(0);
    const ratios = ({ ours, theirs }: Sides): number[] =>
      pairwise(ours, theirs, (a, b) => a.perSecond / b.perSecond);
    const rates = ({ ours, theirs }: Sides): string => `${rate(ours)}/s against ${rate(theirs)}/s`;
    entries.push({
      measure: `new conversations, ${name}, ${all} clients, per second`,
      against: `${AGAINST}, ${OVER_TLS}`,
      figures: ratios(many),
      unit: '×',
      aim: { atLeast: 10 * (1 - tolerance) },
      note:
        open === undefined
          ? rates(many)
          : `${rates(many)}; without TLS, which no provider allows, ${rates(open)}, ${median(ratios(open)).toFixed(2)} ×`,
    });
    // At a distance the round trips decide, whatever the format.
    if (tolerance !== 0) continue;
    const alone = await alternate(Math.ceil(pace.rounds / 2), {
      ours: () => ask(distant.ours, 1, pace.roundMs),
      theirs: () => ask(distant.theirs, 1, pace.roundMs),
      upstream: () =>
        load.call('direct', {
          url: urls.distant,
          durationMs: pace.roundMs / 2,
          ...(audioBytes !== undefined && { audioBytes }),
        }),
    });
    const added = (rounds: readonly Latencies[]): number[] =>
      pairwise(rounds, alone.upstream, (through, upstream) => through.p50 - upstream.p50);
    entries.push({
      measure: `a new conversation, ${name}, one client, upstream 100 ms away, added`,
      against: AGAINST,
      figures: pairwise(added(alone.ours), added(alone.theirs), (a, b) => a / b),
      unit: '×',
      aim: { atMost: 0.2 },
      note: `${median(added(alone.ours)).toFixed(1)} ms against ${median(added(alone.theirs)).toFixed(1)} ms`,
    });
  }
  return entries;
};

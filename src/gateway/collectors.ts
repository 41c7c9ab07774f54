/** Metrics of the pool, upstream, relay, ffmpeg and sessions, under their Prometheus names. */
import type { AudioNormalizer } from '../audio/normalize.js';
import { BYTES_PER_SECOND } from '../audio/pcm.js';
import type { Pool } from '../pool/pool.js';
import type { OpenJobs } from './jobs.js';
import type { Relay } from '../relay/relay.js';
import { counter, gauge, labelled, single, type Collector } from '../telemetry/metrics.js';

export interface CollectorSources {
  readonly pool: Pick<Pool, 'stats' | 'totals'>;
  readonly relay: Pick<Relay, 'totals'>;
  readonly audio: Pick<AudioNormalizer, 'stats' | 'outcomes'>;
  readonly store: 'memory' | 'redis';
  /** Live sessions as last counted; null while the store is unavailable. */
  readonly sessions: () => number | null;
}

export function buildCollector(build: Readonly<Record<string, string>>): Collector {
  const help = 'Always 1; version, provider, dialect and model are in the labels.';
  return gauge('translation_build_info', help, Object.keys(build), () => [{ labels: build, value: 1 }]);
}

export function collectors({ pool, relay, audio, store, sessions }: CollectorSources): Collector[] {
  return [
    ...poolCollectors(pool),
    ...upstreamCollectors(pool),
    ...relayCollectors(relay),
    counter(
      'translation_ffmpeg_runs_total',
      'Recordings given to ffmpeg, by outcome: decoded, cancelled, or the problem code; and resampler-lost, resident processes that failed.',
      ['outcome'],
      () => labelled('outcome', audio.outcomes),
    ),
    gauge('translation_ffmpeg_running', 'ffmpeg processes that are decoding.', [], () =>
      single(audio.stats.running),
    ),
    gauge('translation_ffmpeg_waiting', 'Recordings that wait for an ffmpeg process.', [], () =>
      single(audio.stats.waiting),
    ),
    gauge(
      'translation_sessions',
      'Live sessions as last counted, with Redis those of all nodes. Absent while the store is unavailable.',
      ['store'],
      () => {
        const count = sessions();
        return count === null ? [] : labelled('store', [[store, count]]);
      },
    ),
  ];
}

export function jobCollectors({ jobs, runner }: OpenJobs): Collector[] {
  return [
    gauge('translation_jobs_running', 'Jobs that run on this node.', [], () => single(jobs.stats.running)),
    gauge(
      'translation_jobs_queued',
      'Jobs of the folder that wait, as last counted. Absent before the first count.',
      [],
      () => (jobs.stats.queued === null ? [] : single(jobs.stats.queued)),
    ),
    counter(
      'translation_jobs_total',
      'Jobs that ended on this node, by outcome: completed, failed.',
      ['outcome'],
      () => {
        const { completed, failed } = runner.totals;
        return labelled('outcome', Object.entries({ completed, failed }));
      },
    ),
    counter(
      'translation_job_segments_total',
      'Segments of jobs that were finished on this node, by outcome: translated, failed.',
      ['outcome'],
      () => labelled('outcome', Object.entries(runner.totals.segments)),
    ),
  ];
}

function poolCollectors(pool: CollectorSources['pool']): Collector[] {
  return [
    gauge(
      'translation_pool_sockets',
      'Upstream sockets, by state: connecting, ready, draining.',
      ['state'],
      () => {
        const { connecting, ready, draining } = pool.stats;
        return labelled('state', Object.entries({ connecting, ready, draining }));
      },
    ),
    gauge('translation_pool_running', 'Translations that are running on a socket.', [], () =>
      single(pool.stats.running),
    ),
    gauge('translation_pool_waiting', 'Translations that wait for a socket.', [], () =>
      single(pool.stats.waiting),
    ),
    gauge('translation_pool_capacity', 'Most translations that the open sockets can run at a time.', [], () =>
      single(pool.stats.capacity),
    ),
    counter(
      'translation_pool_reruns_total',
      'Translations that were retried because their socket was lost.',
      [],
      () => single(pool.totals.retries),
    ),
  ];
}

function upstreamCollectors(pool: CollectorSources['pool']): Collector[] {
  return [
    counter(
      'translation_upstream_connection_attempts_total',
      'Attempts of the pool to open a socket.',
      [],
      () => single(pool.totals.attempts),
    ),
    counter(
      'translation_upstream_connection_failures_total',
      'Sockets of the pool that never became ready, by cause.',
      ['cause'],
      () => labelled('cause', pool.totals.failures),
    ),
    counter(
      'translation_upstream_socket_losses_total',
      'Ready sockets of the pool that were lost, by close code; 1006 means that there was none.',
      ['code'],
      () => labelled('code', pool.totals.losses),
    ),
    counter(
      'translation_upstream_tokens_total',
      'Tokens of translations as reported by upstream, by direction: input, output. Conversations are not included.',
      ['direction'],
      () => {
        const { inputTokens: input, outputTokens: output } = pool.totals;
        return labelled('direction', Object.entries({ input, output }));
      },
    ),
    counter(
      'translation_upstream_audio_seconds_total',
      'Audio of translations sent upstream (input) and received from it (output).',
      ['direction'],
      () => {
        const { sentAudioBytes, receivedAudioBytes } = pool.totals;
        const input = sentAudioBytes / BYTES_PER_SECOND;
        return labelled(
          'direction',
          Object.entries({ input, output: receivedAudioBytes / BYTES_PER_SECOND }),
        );
      },
    ),
  ];
}

function relayCollectors(relay: CollectorSources['relay']): Collector[] {
  return [
    gauge('translation_relay_conversations', 'Open conversations, by kind: voice, text.', ['kind'], () =>
      labelled('kind', Object.entries(relay.totals.running)),
    ),
    counter('translation_relay_conversations_total', 'Conversations started, by kind.', ['kind'], () =>
      labelled('kind', Object.entries(relay.totals.begun)),
    ),
    counter(
      'translation_relay_closes_total',
      'Conversations ended, by the side that ended them (client, upstream, service) and close code.',
      ['by', 'code'],
      () =>
        Object.entries(relay.totals.ended).flatMap(([by, codes]) =>
          Array.from(codes, ([code, value]) => ({ labels: { by, code }, value })),
        ),
    ),
    counter(
      'translation_relay_frames_total',
      'Frames relayed, by direction: from_client, to_client.',
      ['direction'],
      () => {
        const { fromClientFrames: from_client, toClientFrames: to_client } = relay.totals.traffic;
        return labelled('direction', Object.entries({ from_client, to_client }));
      },
    ),
    counter('translation_relay_bytes_total', 'Bytes in relayed frames, by direction.', ['direction'], () => {
      const { fromClientBytes: from_client, toClientBytes: to_client } = relay.totals.traffic;
      return labelled('direction', Object.entries({ from_client, to_client }));
    }),
  ];
}

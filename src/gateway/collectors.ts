/** Metrics of the pool, upstream, relay, ffmpeg and sessions, under their Prometheus names. */
import { BYTES_PER_SECOND } from '../audio/pcm.js';
import type { AudioNormalizer } from '../audio/normalize.js';
import type { Pool } from '../pool/pool.js';
import type { Relay } from '../relay/relay.js';
import type { Collector, Sample } from '../telemetry/metrics.js';

export interface CollectorSources {
  readonly pool: Pick<Pool, 'stats' | 'totals'>;
  readonly relay: Pick<Relay, 'totals'>;
  readonly audio: Pick<AudioNormalizer, 'stats' | 'outcomes'>;
  readonly store: 'memory' | 'redis';
  /** Live sessions as last counted; null while the store is unavailable. */
  readonly sessions: () => number | null;
}

export function buildCollector(build: Readonly<Record<string, string>>): Collector {
  return {
    name: 'translation_build_info',
    help: 'Always 1; version, provider, dialect and model are in the labels.',
    type: 'gauge',
    labels: Object.keys(build),
    read: () => [{ labels: build, value: 1 }],
  };
}

export function collectors({ pool, relay, audio, store, sessions }: CollectorSources): Collector[] {
  return [
    ...poolCollectors(pool),
    ...upstreamCollectors(pool),
    ...relayCollectors(relay),
    {
      name: 'translation_ffmpeg_runs_total',
      help: 'ffmpeg runs, by outcome: decoded, cancelled, or the problem code.',
      type: 'counter',
      labels: ['outcome'],
      read: () => counted('outcome', audio.outcomes),
    },
    {
      name: 'translation_ffmpeg_running',
      help: 'ffmpeg processes that are decoding.',
      type: 'gauge',
      read: () => [{ value: audio.stats.running }],
    },
    {
      name: 'translation_ffmpeg_waiting',
      help: 'Recordings that wait for an ffmpeg process.',
      type: 'gauge',
      read: () => [{ value: audio.stats.waiting }],
    },
    {
      name: 'translation_sessions',
      help: 'Live sessions as last counted, with Redis those of all nodes. Absent while the store is unavailable.',
      type: 'gauge',
      labels: ['store'],
      read: () => {
        const value = sessions();
        return value === null ? [] : [{ labels: { store }, value }];
      },
    },
  ];
}

function poolCollectors(pool: CollectorSources['pool']): Collector[] {
  return [
    {
      name: 'translation_pool_sockets',
      help: 'Upstream sockets, by state: connecting, ready, draining.',
      type: 'gauge',
      labels: ['state'],
      read: () => {
        const { connecting, ready, draining } = pool.stats;
        return Object.entries({ connecting, ready, draining }).map(([state, value]) => ({
          labels: { state },
          value,
        }));
      },
    },
    {
      name: 'translation_pool_running',
      help: 'Translations that are running on a socket.',
      type: 'gauge',
      read: () => [{ value: pool.stats.running }],
    },
    {
      name: 'translation_pool_waiting',
      help: 'Translations that wait for a socket.',
      type: 'gauge',
      read: () => [{ value: pool.stats.waiting }],
    },
    {
      name: 'translation_pool_capacity',
      help: 'Most translations that the open sockets can run at a time.',
      type: 'gauge',
      read: () => [{ value: pool.stats.capacity }],
    },
    {
      name: 'translation_pool_reruns_total',
      help: 'Translations that were retried because their socket was lost.',
      type: 'counter',
      read: () => [{ value: pool.totals.retries }],
    },
  ];
}

function upstreamCollectors(pool: CollectorSources['pool']): Collector[] {
  return [
    {
      name: 'translation_upstream_connection_attempts_total',
      help: 'Attempts of the pool to open a socket.',
      type: 'counter',
      read: () => [{ value: pool.totals.attempts }],
    },
    {
      name: 'translation_upstream_connection_failures_total',
      help: 'Sockets of the pool that never became ready, by cause.',
      type: 'counter',
      labels: ['cause'],
      read: () => counted('cause', pool.totals.failures),
    },
    {
      name: 'translation_upstream_socket_losses_total',
      help: 'Ready sockets of the pool that were lost, by close code; 1006 means that there was none.',
      type: 'counter',
      labels: ['code'],
      read: () => counted('code', pool.totals.losses),
    },
    {
      name: 'translation_upstream_tokens_total',
      help: 'Tokens of translations as reported by upstream, by direction: input, output. Conversations are not included.',
      type: 'counter',
      labels: ['direction'],
      read: () => {
        const { inputTokens, outputTokens } = pool.totals;
        return directed('input', inputTokens, 'output', outputTokens);
      },
    },
    {
      name: 'translation_upstream_audio_seconds_total',
      help: 'Audio of translations sent upstream (input) and received from it (output).',
      type: 'counter',
      labels: ['direction'],
      read: () => {
        const { sentAudioBytes, receivedAudioBytes } = pool.totals;
        const sent = sentAudioBytes / BYTES_PER_SECOND;
        return directed('input', sent, 'output', receivedAudioBytes / BYTES_PER_SECOND);
      },
    },
  ];
}

function relayCollectors(relay: CollectorSources['relay']): Collector[] {
  return [
    {
      name: 'translation_relay_conversations',
      help: 'Open conversations, by kind: voice, text.',
      type: 'gauge',
      labels: ['kind'],
      read: () => counted('kind', new Map(Object.entries(relay.totals.running))),
    },
    {
      name: 'translation_relay_conversations_total',
      help: 'Conversations started, by kind.',
      type: 'counter',
      labels: ['kind'],
      read: () => counted('kind', new Map(Object.entries(relay.totals.begun))),
    },
    {
      name: 'translation_relay_closes_total',
      help: 'Conversations ended, by the side that ended them (client, upstream, service) and close code.',
      type: 'counter',
      labels: ['by', 'code'],
      read: () =>
        Object.entries(relay.totals.ended).flatMap(([by, codes]) =>
          Array.from(codes, ([code, value]) => ({ labels: { by, code }, value })),
        ),
    },
    {
      name: 'translation_relay_frames_total',
      help: 'Frames relayed, by direction: from_client, to_client.',
      type: 'counter',
      labels: ['direction'],
      read: () => {
        const { fromClientFrames, toClientFrames } = relay.totals.traffic;
        return directed('from_client', fromClientFrames, 'to_client', toClientFrames);
      },
    },
    {
      name: 'translation_relay_bytes_total',
      help: 'Bytes in relayed frames, by direction.',
      type: 'counter',
      labels: ['direction'],
      read: () => {
        const { fromClientBytes, toClientBytes } = relay.totals.traffic;
        return directed('from_client', fromClientBytes, 'to_client', toClientBytes);
      },
    },
  ];
}

function counted(label: string, counts: ReadonlyMap<string, number>): Sample[] {
  return Array.from(counts, ([name, value]) => ({ labels: { [label]: name }, value }));
}

function directed(one: string, oneValue: number, other: string, otherValue: number): Sample[] {
  return [
    { labels: { direction: one }, value: oneValue },
    { labels: { direction: other }, value: otherValue },
  ];
}

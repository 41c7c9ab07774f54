/** What the rooms and the process have counted, under the names by which Prometheus is told. */
import type { AudioNormalizer } from '../audio/normalize.js';
import type { Pool } from '../pool/pool.js';
import type { Relay } from '../relay/relay.js';
import type { Collector, Sample } from '../telemetry/metrics.js';

export interface CollectorSources {
  readonly pool: Pick<Pool, 'stats' | 'totals'>;
  readonly relay: Pick<Relay, 'totals'>;
  readonly audio: Pick<AudioNormalizer, 'stats' | 'outcomes'>;
  readonly store: 'memory' | 'redis';
  /** Live ones as last known; null while the store cannot be asked. */
  readonly sessions: () => number | null;
}

/** PCM16, 24 kHz, mono. */
const AUDIO_BYTES_PER_SECOND = 48_000;

export function buildCollector(build: Readonly<Record<string, string>>): Collector {
  return {
    name: 'translation_build_info',
    help: 'Always 1; what runs here stands in the labels.',
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
      help: 'Decodes by ffmpeg, by how they ended: decoded, cancelled, or the code of the problem.',
      type: 'counter',
      labels: ['outcome'],
      read: () => counted('outcome', audio.outcomes),
    },
    {
      name: 'translation_ffmpeg_running',
      help: 'Processes of ffmpeg that decode.',
      type: 'gauge',
      read: () => [{ value: audio.stats.running }],
    },
    {
      name: 'translation_ffmpeg_waiting',
      help: 'Recordings that wait for a process.',
      type: 'gauge',
      read: () => [{ value: audio.stats.waiting }],
    },
    {
      name: 'translation_sessions',
      help: 'Live sessions; with Redis those of all nodes, as last counted. Absent while the store cannot be asked.',
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
      help: 'Sockets to upstream, by state: connecting, ready, draining.',
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
      help: 'Translations that run on a socket.',
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
      help: 'Translations that all sockets together could carry.',
      type: 'gauge',
      read: () => [{ value: pool.stats.capacity }],
    },
    {
      name: 'translation_pool_reruns_total',
      help: 'Translations that were run once more because their socket was lost.',
      type: 'counter',
      read: () => [{ value: pool.totals.retries }],
    },
  ];
}

function upstreamCollectors(pool: CollectorSources['pool']): Collector[] {
  return [
    {
      name: 'translation_upstream_connection_attempts_total',
      help: 'Sockets of the pool that were asked for.',
      type: 'counter',
      read: () => [{ value: pool.totals.attempts }],
    },
    {
      name: 'translation_upstream_connection_failures_total',
      help: 'Sockets of the pool that never became ready, by what upstream did.',
      type: 'counter',
      labels: ['cause'],
      read: () => counted('cause', pool.totals.failures),
    },
    {
      name: 'translation_upstream_socket_losses_total',
      help: 'Ready sockets of the pool that were lost, by close code; 1006 is a loss without one.',
      type: 'counter',
      labels: ['code'],
      read: () => counted('code', pool.totals.losses),
    },
    {
      name: 'translation_upstream_tokens_total',
      help: 'Tokens of translations as upstream counts them, by direction: input, output. Conversations are not looked into.',
      type: 'counter',
      labels: ['direction'],
      read: () => {
        const { inputTokens, outputTokens } = pool.totals;
        return directed('input', inputTokens, 'output', outputTokens);
      },
    },
    {
      name: 'translation_upstream_audio_seconds_total',
      help: 'Sound of translations sent to upstream (input) and received from it (output).',
      type: 'counter',
      labels: ['direction'],
      read: () => {
        const { sentAudioBytes, receivedAudioBytes } = pool.totals;
        const input = sentAudioBytes / AUDIO_BYTES_PER_SECOND;
        return directed('input', input, 'output', receivedAudioBytes / AUDIO_BYTES_PER_SECOND);
      },
    },
  ];
}

function relayCollectors(relay: CollectorSources['relay']): Collector[] {
  return [
    {
      name: 'translation_relay_conversations',
      help: 'Conversations that run, by kind: voice, text.',
      type: 'gauge',
      labels: ['kind'],
      read: () => counted('kind', new Map(Object.entries(relay.totals.running))),
    },
    {
      name: 'translation_relay_conversations_total',
      help: 'Conversations begun, by kind.',
      type: 'counter',
      labels: ['kind'],
      read: () => counted('kind', new Map(Object.entries(relay.totals.begun))),
    },
    {
      name: 'translation_relay_closes_total',
      help: 'Conversations ended, by who ended them (client, upstream, service) and close code.',
      type: 'counter',
      labels: ['by', 'code'],
      read: () =>
        Object.entries(relay.totals.ended).flatMap(([by, codes]) =>
          Array.from(codes, ([code, value]) => ({ labels: { by, code }, value })),
        ),
    },
    {
      name: 'translation_relay_frames_total',
      help: 'Frames that crossed, by direction: from_client, to_client.',
      type: 'counter',
      labels: ['direction'],
      read: () => {
        const { fromClientFrames, toClientFrames } = relay.totals.traffic;
        return directed('from_client', fromClientFrames, 'to_client', toClientFrames);
      },
    },
    {
      name: 'translation_relay_bytes_total',
      help: 'Bytes in those frames, by direction.',
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

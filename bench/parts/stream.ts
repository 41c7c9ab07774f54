/** Time to the first delta: what the service adds to the upstream's round trip, and the cost of a new session. */
import { randomUUID } from 'node:crypto';
import { alternate, median, pairwise } from '../measure.js';
import type { Entry } from '../table.js';
import type { Latencies } from '../load/latencies.js';
import { HEADERS, makeSession, SENTENCE } from './client.js';
import type { Part } from './part.js';

const ROUND_TRIP_MS = 100;
/** Streams of each side in one round. */
const STREAMS = 6;

export const stream: Part = async (testBed, pace) => {
  const { urls } = await testBed.upstream();
  const load = await testBed.load();
  const service = await testBed.service({ upstream: urls.distant });
  const warmId = await makeSession(service.url, { target: 'es' });
  const count = Math.max(1, Math.round(STREAMS * pace.scale));
  const asked = async (connectIds: readonly string[]): Promise<Latencies> =>
    await load.call('stream', {
      url: `${service.url}/api/realtime/translate`,
      headers: HEADERS,
      bodies: connectIds.map((connectId) => ({ text: SENTENCE, connectId, stream: true })),
    });
  const warm = (): Promise<Latencies> => asked(Array.from({ length: count }, () => warmId));
  const cold = async (): Promise<Latencies> => {
    const prompts = Array.from({ length: count }, () => `Translate into Spanish. ${randomUUID()}`);
    return await asked(await Promise.all(prompts.map((prompt) => makeSession(service.url, { prompt }))));
  };
  const directly = (): Promise<Latencies> =>
    load.call('direct', { url: urls.distant, durationMs: count * ROUND_TRIP_MS, until: 'first-delta' });
  await alternate(1, { warm, cold, directly });
  const results = await alternate(pace.rounds, { warm, cold, directly });
  const p50 = (rounds: readonly Latencies[]): string => median(rounds.map((round) => round.p50)).toFixed(1);
  const entries: Entry[] = [
    {
      measure: `first delta by SSE, warm, upstream ${ROUND_TRIP_MS} ms away`,
      against: 'one upstream round trip and its think time',
      figures: pairwise(results.warm, results.directly, (ours, theirs) => ours.p50 / theirs.p50),
      unit: '×',
      aim: { atMost: 1.05 },
      note: `${p50(results.warm)} ms, upstream called directly ${p50(results.directly)} ms`,
    },
    {
      measure: 'first delta by SSE, a session and a prompt never seen',
      against: 'warm',
      figures: pairwise(
        results.cold,
        results.warm,
        (unknown, known) => (unknown.p50 - known.p50) / ROUND_TRIP_MS,
      ),
      unit: 'round trips',
      // Less than one is none: what is left is work, not waiting.
      aim: { below: 0.1 },
      note: `${p50(results.cold)} ms`,
    },
  ];
  return entries;
};

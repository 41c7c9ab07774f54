/** Text: requests per second, and the latency that the service adds to the upstream's. */
import type { LoadCommands } from '../load.js';
import type { HttpLoad } from '../load/http.js';
import type { Latencies } from '../load/latencies.js';
import type { Remote } from '../ipc.js';
import { alternate, median, pairwise } from '../measure.js';
import type { Target } from '../test-bed.js';
import type { Entry } from '../table.js';
import { ANSWER, HEADERS, makeSessions, SENTENCE } from './client.js';
import type { Pace, Part } from './part.js';
import { withCpu, type WithCpu } from './with-cpu.js';

const CLIENTS = 64;

/** Each client uses the connectId of a session that was created before, as the documentation recommends. */
export const text: Part = async (testBed, pace) => {
  const { urls } = await testBed.upstream();
  const load = await testBed.load();
  const service = await testBed.service({ upstream: urls.replay });
  const bare = await testBed.baseline('express', { REALTIME_URL: urls.replay });
  const raw = await testBed.baseline('raw', { REALTIME_URL: urls.replay });
  const clients = Math.max(1, Math.round(CLIENTS * pace.scale));
  const connectIds = await makeSessions(service.url, clients);
  const told = await makeSessions(service.url, clients, { source: 'en' });
  const rows = await throughput(load, pace, { service, bare, raw }, connectIds, told);
  return [...rows, await addedLatency(load, pace, service, urls.replay, connectIds[0] ?? '')];
};

/** Each client sends the same sentence over and over. */
export function textLoad(
  target: Pick<Target, 'url'>,
  connectIds: readonly string[],
  durationMs: number,
): HttpLoad {
  return {
    url: `${target.url}/api/realtime/translate`,
    headers: HEADERS,
    bodies: connectIds.map((connectId) => ({ json: { text: SENTENCE, connectId } })),
    expected: ANSWER,
    durationMs,
  };
}

async function throughput(
  load: Remote<LoadCommands>,
  pace: Pace,
  targets: Record<'service' | 'bare' | 'raw', Target>,
  connectIds: readonly string[],
  told: readonly string[],
): Promise<Entry[]> {
  const side = (target: Target, ids: readonly string[]) => (durationMs: number) =>
    withCpu(target, () => load.call('request', textLoad(target, ids, durationMs)));
  const sides = {
    service: side(targets.service, connectIds),
    told: side(targets.service, told),
    bare: side(targets.bare, connectIds),
    raw: side(targets.raw, connectIds),
  };
  for (const run of Object.values(sides)) await run(pace.warmMs);
  const results = await alternate(pace.rounds, {
    service: () => sides.service(pace.roundMs),
    told: () => sides.told(pace.roundMs),
    bare: () => sides.bare(pace.roundMs),
    raw: () => sides.raw(pace.roundMs),
  });
  const row = (name: string, ours: WithCpu[], against: string, other: WithCpu[], atLeast: number): Entry => ({
    measure: `${name}, ${CLIENTS} clients, requests/s`,
    against,
    figures: pairwise(ours, other, (one, baseline) => one.perSecond / baseline.perSecond),
    unit: '×',
    aim: { atLeast },
    note: `${rateText(ours)} against ${rateText(other)}; per second of CPU ${perCpuSecond(ours, other)}`,
  });
  const { service, told: ofTold, bare, raw } = results;
  const express = 'bare Express 5, express.json, one shared ws';
  const http = 'raw node:http, one shared ws';
  return [
    row('text', service, express, bare, 1),
    row('text', service, http, raw, 0.5),
    row('text whose source is given', ofTold, express, bare, 1),
    row('text whose source is given', ofTold, http, raw, 0.5),
  ];
}

/** The ratio if neither side had to wait for clients or for other load on the machine. */
function perCpuSecond(service: WithCpu[], other: WithCpu[]): string {
  const ratios = pairwise(service, other, (ours, theirs) => theirs.cpuMsPerRequest / ours.cpuMsPerRequest);
  return `${median(ratios).toFixed(2)} ×`;
}

function rateText(rounds: readonly WithCpu[]): string {
  const of = (pick: (round: WithCpu) => number): number => median(rounds.map(pick));
  const perSecond = of((round) => round.perSecond).toFixed(0);
  const cpu = (of((round) => round.cpuMsPerRequest) * 1000).toFixed(0);
  return `${perSecond}/s with ${cpu} µs of CPU each, its core ${(of((round) => round.busy) * 100).toFixed(0)} % busy`;
}

async function addedLatency(
  load: Remote<LoadCommands>,
  pace: Pace,
  service: Target,
  upstream: string,
  connectId: string,
): Promise<Entry> {
  const through = (durationMs: number): Promise<Latencies> =>
    load.call('request', textLoad(service, [connectId], durationMs));
  const directly = (durationMs: number): Promise<Latencies> =>
    load.call('direct', { url: upstream, durationMs });
  await through(pace.warmMs / 2);
  await directly(pace.warmMs / 2);
  const results = await alternate(pace.rounds, {
    through: () => through(pace.roundMs / 2),
    directly: () => directly(pace.roundMs / 2),
  });
  const p50 = (rounds: readonly Latencies[]): string => median(rounds.map((round) => round.p50)).toFixed(3);
  return {
    measure: 'text, one client, added p50',
    against: 'the upstream called directly with ws',
    figures: pairwise(results.through, results.directly, (ours, theirs) => ours.p50 - theirs.p50),
    unit: 'ms',
    aim: { atMost: 0.5 },
    note: `${p50(results.through)} ms through the service, ${p50(results.directly)} ms directly`,
  };
}

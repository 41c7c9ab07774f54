/** Whether a request costs the same, however many there have been and however many sessions there are. */
import type { Latencies } from '../load/latencies.js';
import { median } from '../measure.js';
import type { Target } from '../stage.js';
import type { Entry } from '../table.js';
import { ANSWER, HEADERS, SENTENCE } from './client.js';
import { makeMany } from './memory.js';
import type { Part } from './part.js';
import { watched, type Busy } from './watched.js';

const SIZES = [1, 10, 100, 1_000, 10_000];
const CLIENTS = 16;
/** Requests whose CPU time is told apart: the system counts in steps of 10 ms. */
const SAMPLE = 2_000;
/** So many samples' worth of requests, until what is called often is compiled: longer than it takes to be fast. */
const WARM_SAMPLES = 15;

/**
 * One service, and one after the other: so many sessions, so many requests to them. What a request costs is CPU time of
 * the service over the last requests of each size, so that a single one can be measured at all.
 */
export const growth: Part = async (stage, pace) => {
  const { urls } = await stage.upstream();
  const load = await stage.load();
  const service = await stage.service({ upstream: urls.replay });
  const sizes = SIZES.filter((size) => size <= 10_000 * pace.scale);
  const sample = Math.max(CLIENTS, Math.round(SAMPLE * pace.scale));
  const connectIds: string[] = [];
  const ask = (ids: readonly string[], count: number): Promise<Latencies> =>
    load.call('request', {
      url: `${service.url}/api/realtime/translate`,
      headers: HEADERS,
      bodies: ids.map((connectId) => ({ json: { text: SENTENCE, connectId } })),
      clients: CLIENTS,
      requestsEach: Math.ceil(count / CLIENTS),
      durationMs: 0,
      expected: ANSWER,
    });
  await ask(await makeMany(service.url, 1), WARM_SAMPLES * sample);
  const costs: { size: number; cost: Busy }[] = [];
  for (const size of sizes) {
    connectIds.push(...(await makeMany(service.url, size - connectIds.length)));
    await ask(connectIds, size);
    costs.push({
      size,
      cost: await cheapest(service, Math.ceil(pace.rounds / 2), () => ask(connectIds, sample)),
    });
  }
  const perRequest = costs.map(({ cost }) => cost.cpuMsPerRequest);
  const entry: Entry = {
    measure: `CPU of a request with ${sizes.join(', ')} requests and sessions, spread around its median`,
    against: 'the median of the sizes',
    figures: [100 * Math.max(...perRequest.map((each) => Math.abs(each / median(perRequest) - 1)))],
    unit: '%',
    aim: { atMost: 20 },
    note: costs.map(({ size, cost }) => `${size}: ${(cost.cpuMsPerRequest * 1000).toFixed(0)} µs`).join(', '),
  };
  return [entry];
};

/** Others on the machine can only make it dearer. */
async function cheapest(target: Target, rounds: number, run: () => Promise<Latencies>): Promise<Busy> {
  let best = await watched(target, run);
  for (let round = 1; round < rounds; round += 1) {
    const next = await watched(target, run);
    if (next.cpuMsPerRequest < best.cpuMsPerRequest) best = next;
  }
  return best;
}

/** Whether a request costs the same whatever the number of earlier requests and of sessions. */
import type { Latencies } from '../load/latencies.js';
import { median } from '../measure.js';
import type { Target } from '../test-bed.js';
import type { Entry } from '../table.js';
import { ANSWER, HEADERS, SENTENCE } from './client.js';
import { makeMany } from './memory.js';
import type { Part } from './part.js';
import { withCpu, type WithCpu } from './with-cpu.js';

const SIZES = [1, 10, 100, 1_000, 10_000];
const CLIENTS = 16;
/** Requests per sample of CPU time, which the system counts in steps of 10 ms. */
const SAMPLE = 2_000;
/** Samples' worth of requests before the first sample, until all hot code is compiled. */
const WARM_SAMPLES = 15;

/**
 * For one size after the other creates sessions up to it and sends as many requests. The cost of a request is the CPU time
 * of the service over a sample of requests at that size, because a single request is too short to measure.
 */
export const growth: Part = async (testBed, pace) => {
  const { urls } = await testBed.upstream();
  const load = await testBed.load();
  const service = await testBed.service({ upstream: urls.replay });
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
  const costs: { size: number; cost: WithCpu }[] = [];
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

/** The cheapest of several rounds: other load on the machine can only add cost. */
async function cheapest(target: Target, rounds: number, run: () => Promise<Latencies>): Promise<WithCpu> {
  let best = await withCpu(target, run);
  for (let round = 1; round < rounds; round += 1) {
    const next = await withCpu(target, run);
    if (next.cpuMsPerRequest < best.cpuMsPerRequest) best = next;
  }
  return best;
}

/** Runs a load and measures the CPU time of the target. */
import type { Latencies } from '../load/latencies.js';
import type { Target } from '../test-bed.js';

export interface WithCpu extends Latencies {
  /** Share of one core in use, 0 to 1; above 1 if several cores were in use. */
  readonly busy: number;
  readonly cpuMsPerRequest: number;
}

export async function withCpu(target: Target, run: () => Promise<Latencies>): Promise<WithCpu> {
  const [cpuBefore, startedAt] = [await target.cpuMs(), performance.now()];
  const latencies = await run();
  const cpu = (await target.cpuMs()) - cpuBefore;
  return {
    ...latencies,
    busy: cpu / (performance.now() - startedAt),
    cpuMsPerRequest: cpu / latencies.count,
  };
}

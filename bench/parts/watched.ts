/** A load, and what it cost the process that bore it. */
import type { Latencies } from '../load/latencies.js';
import type { Target } from '../stage.js';

export interface Busy extends Latencies {
  /** Share of one core that was in use, 0 to 1; more where several were. */
  readonly busy: number;
  readonly cpuMsPerRequest: number;
}

export async function watched(target: Target, run: () => Promise<Latencies>): Promise<Busy> {
  const [cpuBefore, startedAt] = [await target.cpuMs(), performance.now()];
  const latencies = await run();
  const cpu = (await target.cpuMs()) - cpuBefore;
  return {
    ...latencies,
    busy: cpu / (performance.now() - startedAt),
    cpuMsPerRequest: cpu / latencies.count,
  };
}

/** The resident memory of a process: what it settled at, and the most that it came to. MB are 1 048 576 bytes. */
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { residentMb } from '../bench/proc.js';

const LOOK_EVERY_MS = 20;
/** Settled: for so long within so much. */
const SETTLED_MS = 2_000;
const SETTLED_MB = 1;
const SETTLE_WITHIN_MS = 60_000;

/** Resolves once the memory keeps still. */
export async function settledMb(pid: number): Promise<number> {
  const deadline = performance.now() + SETTLE_WITHIN_MS;
  let base = await residentMb(pid);
  let since = performance.now();
  while (performance.now() - since < SETTLED_MS) {
    if (performance.now() > deadline) throw new Error(`The memory of process ${pid} does not settle.`);
    await wait(LOOK_EVERY_MS);
    const now = await residentMb(pid);
    if (Math.abs(now - base) > SETTLED_MB) [base, since] = [now, performance.now()];
  }
  return await residentMb(pid);
}

/** Does the work. @returns the most memory meanwhile beside its result, as the kernel counted it. */
export async function peakMbDuring<T>(
  pid: number,
  work: () => Promise<T>,
): Promise<{ result: T; peakMb: number }> {
  await writeFile(`/proc/${pid}/clear_refs`, '5'); // Counts the peak anew.
  const result = await work();
  const status = await readFile(`/proc/${pid}/status`, 'latin1');
  return { result, peakMb: Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) / 1024 };
}

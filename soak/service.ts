/** The service as `npm start` runs it; reports over IPC the statistics that only the process itself can read. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface ProcessStats {
  /** Bytes, after a garbage collection, so that only reachable memory counts. */
  readonly rss: number;
  readonly heap: number;
  /** Bytes of buffers outside the heap. */
  readonly external: number;
  /** The longest event loop delay since the last report, in milliseconds. */
  readonly blockedMs: number;
  /** Timers that keep the process alive. */
  readonly timers: number;
}

const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();

process.on('message', (number: number) => {
  const blockedMs = delay.max / 1e6;
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const stats: ProcessStats = { rss, heap: heapUsed, external, blockedMs, timers };
  // Leaves out the delay that the collection above has caused.
  setImmediate(() => {
    delay.reset();
  });
  // The parent process may have exited meanwhile.
  if (process.connected) process.send?.({ number, stats });
});
// The parent process is gone.
process.on('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
});

// Last: evaluating this module may take as long as the service runs.
await import('../src/main.js');

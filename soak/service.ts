/** The service as `npm start` starts it, with a gauge inside: it tells over IPC what only the process itself knows. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface Gauge {
  /** Bytes. After a collection, so that what is counted is held by somebody. */
  readonly rss: number;
  readonly heap: number;
  /** Bytes of buffers outside the heap. */
  readonly external: number;
  /** The longest that everybody had to wait for something since the last reading, in milliseconds. */
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
  const gauge: Gauge = { rss, heap: heapUsed, external, blockedMs, timers };
  // The collection above is no fault of the service.
  setImmediate(() => {
    delay.reset();
  });
  // Whoever asked may have died meanwhile.
  if (process.connected) process.send?.({ number, gauge });
});
// Whoever started it is gone.
process.on('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
});

// Last, for its module may take as long as the service lives.
await import('../src/main.js');

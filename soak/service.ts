/** The service as `npm start` starts it, with a gauge inside: it tells over IPC what only the process itself knows. */
import '../src/main.js';

export interface Gauge {
  /** Bytes. After a collection, so that what is counted is held by somebody. */
  readonly rss: number;
  readonly heap: number;
  /** Bytes of buffers outside the heap. */
  readonly external: number;
  /** Timers that keep the process alive. */
  readonly timers: number;
}

process.on('message', (number: number) => {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const gauge: Gauge = { rss, heap: heapUsed, external, timers };
  // Whoever asked may have died meanwhile.
  if (process.connected) process.send?.({ number, gauge });
});
// Whoever started it is gone.
process.on('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
});

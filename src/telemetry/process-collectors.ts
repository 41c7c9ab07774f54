/**
 * Metrics of the process, under the names that prom-client uses. Its own default metrics start event loop monitors that
 * cannot be stopped; these end with the gateway.
 */
import { readdir } from 'node:fs/promises';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { counter, gauge, labelled, single, type Collector, type Sample } from './metrics.js';

/** Sampling interval of the event loop delay. */
const RESOLUTION_MS = 10;
const QUANTILES = [0.5, 0.9, 0.99, 1];

export class ProcessCollectors {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor() {
    this.#delay.enable();
  }

  /** May be called twice. */
  close(): void {
    this.#delay.disable();
  }

  get collectors(): Collector[] {
    return [
      gauge('nodejs_eventloop_delay_seconds', 'Event loop delay since the last scrape.', ['quantile'], () =>
        this.#quantiles(),
      ),
      counter('nodejs_eventloop_active_seconds_total', 'Time in which the event loop was active.', [], () =>
        single(performance.eventLoopUtilization().active / 1_000),
      ),
      counter('process_cpu_seconds_total', 'User and system CPU time.', [], () => {
        const { user, system } = process.cpuUsage();
        return single((user + system) / 1e6);
      }),
      gauge('process_resident_memory_bytes', 'Resident memory.', [], () => single(process.memoryUsage.rss())),
      gauge('process_start_time_seconds', 'Start time of the process, in Unix time.', [], () =>
        single(performance.timeOrigin / 1_000),
      ),
      ...(process.platform === 'linux'
        ? [gauge('process_open_fds', 'Open file descriptors.', [], openFiles)]
        : []),
      gauge(
        'nodejs_heap_bytes',
        'Memory of the JavaScript heap, and of buffers outside it.',
        ['kind'],
        () => {
          const { heapTotal, heapUsed, external, arrayBuffers } = process.memoryUsage();
          return labelled(
            'kind',
            Object.entries({ total: heapTotal, used: heapUsed, external, array_buffers: arrayBuffers }),
          );
        },
      ),
      gauge('nodejs_active_resources', 'Resources that keep the event loop alive, by type.', ['type'], () => {
        const counts: Record<string, number> = {};
        for (const type of process.getActiveResourcesInfo()) counts[type] = (counts[type] ?? 0) + 1;
        return labelled('type', Object.entries(counts));
      }),
      gauge('nodejs_version_info', 'Always 1; the version is in the label.', ['version'], () =>
        labelled('version', [[process.version, 1]]),
      ),
    ];
  }

  #quantiles(): Sample[] {
    const samples = QUANTILES.map((quantile) => {
      const ms = this.#delay.percentile(quantile * 100) / 1e6;
      return { labels: { quantile: String(quantile) }, value: Math.max(0, ms - RESOLUTION_MS) / 1_000 };
    });
    this.#delay.reset();
    return samples;
  }
}

async function openFiles(): Promise<Sample[]> {
  return single((await readdir('/proc/self/fd')).length);
}

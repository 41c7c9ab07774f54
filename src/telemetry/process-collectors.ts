/**
 * Metrics of the process, under the names that prom-client uses. Its own default metrics start event loop monitors that
 * cannot be stopped; these end with the gateway.
 */
import { readdir } from 'node:fs/promises';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { Collector, Sample } from './metrics.js';

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
      counter(
        'nodejs_eventloop_active_seconds_total',
        'Time in which the event loop was active.',
        () => performance.eventLoopUtilization().active / 1_000,
      ),
      counter('process_cpu_seconds_total', 'User and system CPU time.', () => {
        const { user, system } = process.cpuUsage();
        return (user + system) / 1e6;
      }),
      gauge('process_resident_memory_bytes', 'Resident memory.', [], () => one(process.memoryUsage.rss())),
      gauge('process_start_time_seconds', 'Start time of the process, in Unix time.', [], () =>
        one(performance.timeOrigin / 1_000),
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
          return named('kind', { total: heapTotal, used: heapUsed, external, array_buffers: arrayBuffers });
        },
      ),
      gauge('nodejs_active_resources', 'Resources that keep the event loop alive, by type.', ['type'], () => {
        const counts: Record<string, number> = {};
        for (const type of process.getActiveResourcesInfo()) counts[type] = (counts[type] ?? 0) + 1;
        return named('type', counts);
      }),
      gauge('nodejs_version_info', 'Always 1; the version is in the label.', ['version'], () =>
        named('version', { [process.version]: 1 }),
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
  return one((await readdir('/proc/self/fd')).length);
}

function gauge(name: string, help: string, labels: readonly string[], read: Collector['read']): Collector {
  return { name, help, type: 'gauge', labels, read };
}

function counter(name: string, help: string, read: () => number): Collector {
  return { name, help, type: 'counter', read: () => one(read()) };
}

function one(value: number): Sample[] {
  return [{ value }];
}

function named(label: string, values: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }));
}

/** Metrics for Prometheus, by prom-client. Each gateway has its own registry, so that two in one process do not mix. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { FinishedRequest } from './reports.js';

/** Seconds: responses take from a millisecond (a session) to a minute (a long recording). */
const REQUEST_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Seconds: the wait for a ready socket takes microseconds, so this scale begins lower. */
const STAGE_BUCKETS = [0.0001, 0.0005, ...REQUEST_BUCKETS];

/** Node's parser accepts about 40 methods; the routes use these. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS']);

export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric whose values are kept elsewhere. A counter only grows. Units are base units, and are part of the name. */
export interface Collector {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly labels: readonly string[];
  readonly read: () => readonly Sample[] | Promise<readonly Sample[]>;
}

type CollectorOf = (
  ...args: [name: string, help: string, labels: readonly string[], read: Collector['read']]
) => Collector;

export const gauge: CollectorOf = (name, help, labels, read) => ({ name, help, type: 'gauge', labels, read });
export const counter: CollectorOf = (name, help, labels, read) => ({
  name,
  help,
  type: 'counter',
  labels,
  read,
});

/** The sample of a metric without labels. */
export function single(value: number): Sample[] {
  return [{ value }];
}

/** A sample for each value of the one label. */
export function labelled(label: string, values: Iterable<readonly [string, number]>): Sample[] {
  return Array.from(values, ([name, value]) => ({ labels: { [label]: name }, value }));
}

export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Counter<'route' | 'method' | 'status' | 'code'>;
  readonly #requestSeconds: Histogram<'route'>;
  readonly #stageSeconds: Histogram<'stage'>;

  /** @param collectors read at each scrape */
  constructor(collectors: readonly Collector[]) {
    const registers = [this.#registry];
    this.#requests = new Counter({
      name: 'translation_http_requests_total',
      help: 'Completed requests, by path pattern, method, status and problem code.',
      labelNames: ['route', 'method', 'status', 'code'],
      registers,
    });
    this.#requestSeconds = new Histogram({
      name: 'translation_http_request_duration_seconds',
      help: 'Time from the headers of a request to the end of its response, WebSockets excluded.',
      labelNames: ['route'],
      buckets: REQUEST_BUCKETS,
      registers,
    });
    this.#stageSeconds = new Histogram({
      name: 'translation_stage_duration_seconds',
      help: 'Stages of a translation: upload, normalize, queue, upstream, and first_delta, the part of upstream before the first delta.',
      labelNames: ['stage'],
      buckets: STAGE_BUCKETS,
      registers,
    });
    for (const collector of collectors) this.#register(collector);
  }

  observe({ route, method, status, code, aborted, durationMs, report }: FinishedRequest): void {
    this.#requests.inc({
      route,
      method: METHODS.has(method) ? method : 'other',
      // nginx's status for a client that closed the connection before a response.
      status: status === undefined ? '499' : String(status),
      code: code ?? (aborted ? 'client-gone' : ''),
    });
    if (status !== 101) this.#requestSeconds.observe({ route }, durationMs / 1_000);
    if (report === undefined) return;
    const { uploadMs, normalizeMs, queueMs, upstreamMs, firstDeltaMs } = report.timings;
    this.#stage('upload', uploadMs);
    this.#stage('normalize', normalizeMs);
    this.#stage('queue', queueMs);
    this.#stage('upstream', upstreamMs);
    this.#stage('first_delta', firstDeltaMs);
  }

  async expose(): Promise<{ contentType: string; text: string }> {
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  #stage(stage: string, ms: number | undefined): void {
    if (ms !== undefined) this.#stageSeconds.observe({ stage }, ms / 1_000);
  }

  #register({ name, help, type, labels, read }: Collector): void {
    const options = { name, help, labelNames: [...labels], registers: [this.#registry] };
    // prom-client cannot set a counter. Nothing reads it between `reset` and `inc`: a scrape collects before it serializes.
    if (type === 'counter') {
      new Counter({
        ...options,
        async collect() {
          const samples = await read();
          this.reset();
          for (const { labels: named = {}, value } of samples) this.inc(named, value);
        },
      });
    } else {
      new Gauge({
        ...options,
        async collect() {
          const samples = await read();
          this.reset();
          for (const { labels: named = {}, value } of samples) this.set(named, value);
        },
      });
    }
  }
}

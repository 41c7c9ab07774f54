/** What Prometheus is told, by prom-client: a registry of each gateway's own, filled when it is asked for. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { FinishedRequest } from '../http/middleware/request-context.js';

/** Seconds. Answers take from a millisecond (a session) to a minute (a long recording). */
const REQUEST_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Seconds. A ready socket is waited for some microseconds, so the scale begins lower. */
const STAGE_BUCKETS = [0.0001, 0.0005, ...REQUEST_BUCKETS];

/** Node's parser takes any of about forty methods; the routes know these. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS']);

export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One metric that is kept elsewhere: a counter only grows. Units are in names, and are base units. */
export interface Collector {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly labels?: readonly string[];
  readonly read: () => readonly Sample[] | Promise<readonly Sample[]>;
}

export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Counter<'route' | 'method' | 'status' | 'code'>;
  readonly #requestSeconds: Histogram<'route'>;
  readonly #stageSeconds: Histogram<'stage'>;

  /** @param collectors what is counted elsewhere; read anew for each scrape */
  constructor(collectors: readonly Collector[]) {
    const registers = [this.#registry];
    this.#requests = new Counter({
      name: 'translation_http_requests_total',
      help: 'Requests answered, by the pattern of their path, method, status and the code of the problem told.',
      labelNames: ['route', 'method', 'status', 'code'],
      registers,
    });
    this.#requestSeconds = new Histogram({
      name: 'translation_http_request_duration_seconds',
      help: 'From the headers of a request to the end of its answer; WebSockets are not among them.',
      labelNames: ['route'],
      buckets: REQUEST_BUCKETS,
      registers,
    });
    this.#stageSeconds = new Histogram({
      name: 'translation_stage_duration_seconds',
      help: 'Stages of a translation: upload, normalize, queue, upstream, and first_delta, which is the beginning of upstream.',
      labelNames: ['stage'],
      buckets: STAGE_BUCKETS,
      registers,
    });
    for (const reading of collectors) this.#register(reading);
  }

  /** Counts a request that is over. */
  observe({ route, method, status, code, aborted, durationMs, report }: FinishedRequest): void {
    this.#requests.inc({
      route,
      method: METHODS.has(method) ? method : 'other',
      // What proxies write in their logs where the client left before it was answered.
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

  #register({ name, help, type, labels = [], read }: Collector): void {
    const options = { name, help, labelNames: [...labels], registers: [this.#registry] };
    // A counter of the library cannot be set. It has no reader between the two: a scrape collects before it tells.
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

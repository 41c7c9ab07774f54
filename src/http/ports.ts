/** What the HTTP side needs from the rest of the service: types only. */
import type { Logger } from 'pino';
import type { Config } from '../config/config.js';
import type { Jobs } from '../jobs/jobs.js';
import type { ConcurrencyLimit } from '../quota/concurrency-limit.js';
import type { Relay } from '../relay/relay.js';
import type { SessionRegistry } from '../session/registry.js';
import type { FinishedRequest } from '../telemetry/reports.js';
import type { Tracing } from '../telemetry/tracing.js';
import type { TranslateRecording } from '../recordings/recording-request.js';
import type { Translate } from '../translate/request.js';
import type { Limiter } from '../quota/limiter.js';
import type { TicketStore } from '../tickets/store.js';
import type { Capabilities, Health, ReadyCheck } from './health.js';
import type { Upgrades } from './upgrades.js';

export interface HttpPorts {
  readonly config: Config;
  readonly logger: Logger;
  /** Of the package. */
  readonly version: string;
  /** Of texts. */
  readonly translate: Translate;
  readonly translateRecording: TranslateRecording;
  readonly tracing: Tracing;
  readonly metrics: MetricsPort;
  readonly sessions: SessionRegistry;
  readonly relay: Relay;
  readonly jobs: Jobs;
  /** Translations that each client has running, jobs included. */
  readonly concurrency: ConcurrencyLimit;
  /** The creator of the server attaches them to it. */
  readonly upgrades: Upgrades;
  /** Absent: in the memory of this node. */
  readonly tickets?: TicketStore | undefined;
  /** Absent: no client is limited. */
  readonly limiter: Limiter | undefined;
  /** Counts unknown keys by address. Absent: attempts are unlimited. */
  readonly failedKeys?: Limiter | undefined;
  /** Never fails, even while everything else is down. */
  health(): Health;
  /** Every check, passed or not. Draining is added here and need not be among them. */
  ready(): Promise<readonly ReadyCheck[]>;
  capabilities(): Promise<Capabilities>;
  /** True from the start of the shutdown on: new work is refused. */
  draining(): boolean;
  /** Of the built page; changed by tests only. */
  readonly pageFolder?: string | undefined;
  /** Changed by tests only. */
  readonly timing?: Partial<HttpTiming> | undefined;
}

export interface MetricsPort {
  /** Called with every completed request; takes microseconds. */
  observe(finished: FinishedRequest): void;
  /** All metrics, in the text format of Prometheus. */
  expose(): Promise<{ readonly contentType: string; readonly text: string }>;
}

export interface HttpTiming {
  /** Between two comments of an event stream. */
  readonly heartbeatMs: number;
  /** A reader of an event stream that takes nothing for this long counts as gone. */
  readonly stalledReaderMs: number;
  /** A body must bring 1 kB for each second of any window of this length. */
  readonly slowBodyWindowMs: number;
  /** An unwanted body is read for this long, so that a client that is busy sending sees the answer. */
  readonly lingerMs: number;
}

/** What the outside needs from the inside, and in which shapes: types only. */
import type { Logger } from 'pino';
import type { Config } from '../config/config.js';
import type { Relay } from '../relay/relay.js';
import type { SessionRegistry } from '../session/registry.js';
import type { FinishedRequest } from '../telemetry/reports.js';
import type { Tracing } from '../telemetry/tracing.js';
import type { Translate } from '../translate/translate.js';
import type { Limiter } from '../quota/limiter.js';
import type { TicketStore } from './tickets.js';
import type { Upgrades } from './upgrades.js';

export interface HttpPorts {
  readonly config: Config;
  readonly logger: Logger;
  /** Of the package, as `/health` tells it. */
  readonly version: string;
  readonly translate: Translate;
  readonly tracing: Tracing;
  readonly metrics: MetricsPort;
  readonly sessions: SessionRegistry;
  readonly relay: Relay;
  /** Attached to the server by whoever makes it. */
  readonly upgrades: Upgrades;
  /** Absent: this node keeps them for itself. */
  readonly tickets?: TicketStore | undefined;
  /** Absent: nobody is limited. */
  readonly limiter: Limiter | undefined;
  /** Counts, by address, keys that are not known. Absent: everybody may go on trying. */
  readonly failedKeys?: Limiter | undefined;
  /** Answers at once, also while everything else is down. */
  health(): Health;
  /** Every check, passed or not. Draining is added here and need not be among them. */
  ready(): Promise<readonly ReadyCheck[]>;
  capabilities(): Promise<Capabilities>;
  /** True from the moment the service was told to stop: what comes after it is refused. */
  draining(): boolean;
  /** Changed by tests only. */
  readonly timing?: Partial<HttpTiming> | undefined;
}

export interface MetricsPort {
  /** Told of every request once it is over; takes microseconds. */
  observe(call: FinishedRequest): void;
  /** All metrics, in the text format of Prometheus. */
  expose(): Promise<{ readonly contentType: string; readonly text: string }>;
}

export interface HttpTiming {
  /** Between two comments of an event stream. */
  readonly heartbeatMs: number;
  /** A reader of an event stream that takes nothing for so long is taken for gone. */
  readonly stalledReaderMs: number;
  /** A body must bring 1 kB for each second of any window of this length. */
  readonly slowBodyWindowMs: number;
  /** A body that nobody wants is read for so long, so that a client that is busy sending sees the answer. */
  readonly lingerMs: number;
}

/** What `/health` tells beside status, version and uptime. */
export interface Health {
  readonly provider: string;
  readonly model: string;
  readonly pool: {
    readonly sockets: number;
    readonly ready: number;
    readonly connecting: number;
    readonly draining: number;
    readonly running: number;
    readonly waiting: number;
    readonly capacity: number;
  };
  readonly relay: { readonly conversations: number };
  /** Live sessions as last known; null while the store cannot be asked. */
  readonly sessions: number | null;
}

export interface ReadyCheck {
  readonly name: string;
  readonly ok: boolean;
  /** A sentence; of a failed check: what is wrong and what to do. */
  readonly detail: string;
}

/** What this service can do with its provider; limits and formats are added here. Tags are BCP 47. */
export interface Capabilities {
  readonly provider: string;
  readonly model: string;
  readonly dialect: string;
  readonly languages: 'any' | readonly { readonly source: string; readonly targets: readonly string[] }[];
  /** Ways that pass through a language between: `['en', 'es', 'pt']`. */
  readonly chains: readonly (readonly string[])[];
  readonly speechSources: 'any' | readonly string[];
  /** Names that `voice` may have. Empty: not known here, any name is passed on to the provider. */
  readonly voices: readonly string[];
}

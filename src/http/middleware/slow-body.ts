/** Bodies that arrive too slowly, or never end: watched together, by one timer, from the bytes that sockets count anyway. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Bag, type Indexed } from '../../bag.js';
import { GatewayError } from '../../errors.js';
import { endWithProblem } from '../end-with-problem.js';
import { bodyTooLarge } from '../body/text.js';

const BYTES_PER_SECOND = 1_000;
/** Into so many steps a window is cut. */
const STEPS = 15;
/** What is counted are bytes on the wire, of which small chunks need more than they carry. */
const WIRE_FACTOR = 2;

export interface BodyRateOptions {
  readonly windowMs: number;
  /** A body that has brought (much) more is ended, whether or not anybody still wants it. */
  readonly maxBytes: number;
  /** As `refuse` takes it. */
  readonly lingerMs: number;
}

interface MonitoredBody extends Indexed {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly startBytes: number;
  /** What the socket had read at each step, newest last: of one window at most. */
  readonly readings: number[];
}

/**
 * Ends each request whose body brings less than 1 kB a second over any window, with 408, and each whose body brings
 * more than may be, with 413; and then its connection. A steady line may take its time.
 */
export class BodyRateMonitor {
  readonly #options: BodyRateOptions;
  readonly #leastBytes: number;
  readonly #monitored = new Bag<MonitoredBody>();
  /** Bodies of this turn of the event loop, most of which are complete at its end. */
  #fresh: MonitoredBody[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BodyRateOptions) {
    this.#options = options;
    this.#leastBytes = (BYTES_PER_SECOND * options.windowMs) / 1_000;
  }

  /** How many bodies are on their way. */
  get size(): number {
    return this.#monitored.size + this.#fresh.length;
  }

  /** Watches the body of a request until it is complete. */
  add(req: IncomingMessage, res: ServerResponse): void {
    const startBytes = req.socket.bytesRead;
    if (this.#fresh.length === 0) setImmediate(this.#checkFresh);
    this.#fresh.push({ index: 0, req, res, startBytes, readings: [startBytes] });
  }

  readonly #checkFresh = (): void => {
    const fresh = this.#fresh;
    this.#fresh = [];
    for (const watched of fresh) if (isUnderWay(watched)) this.#monitor(watched);
  };

  #monitor(watched: MonitoredBody): void {
    this.#monitored.add(watched);
    watched.req.once('close', () => {
      this.#remove(watched);
    });
    this.#timer ??= setInterval(() => {
      this.#checkAll();
    }, this.#options.windowMs / STEPS).unref();
  }

  #remove(watched: MonitoredBody): void {
    this.#monitored.remove(watched);
    if (this.#monitored.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #checkAll(): void {
    for (const watched of this.#monitored) {
      const { req, readings, startBytes } = watched;
      if (!isUnderWay(watched)) {
        this.#remove(watched);
        continue;
      }
      const read = req.socket.bytesRead;
      const windowAgo = readings.length === STEPS ? readings.shift() : undefined;
      readings.push(read);
      if (read - startBytes > WIRE_FACTOR * this.#options.maxBytes) this.#end(watched, this.#tooMuch());
      else if (windowAgo !== undefined && read - windowAgo < this.#leastBytes) this.#end(watched, tooSlow());
    }
  }

  /** An answer that is already out has told what there was to tell. */
  #end(watched: MonitoredBody, error: GatewayError): void {
    const { req, res } = watched;
    this.#remove(watched);
    if (res.headersSent) {
      req.socket.destroy();
      return;
    }
    req.context.code = error.code;
    res.setHeader('Connection', 'close');
    endWithProblem(req, res, error, this.#options.lingerMs);
  }

  #tooMuch(): GatewayError {
    return bodyTooLarge(this.#options.maxBytes);
  }
}

function isUnderWay({ req }: MonitoredBody): boolean {
  return !req.complete && !req.destroyed;
}

function tooSlow(): GatewayError {
  return new GatewayError(
    'request-timeout',
    'The body came slower than 1 kB a second for too long. Send it again, over a faster line or in a smaller format.',
  );
}

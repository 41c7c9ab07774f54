/** Bodies that arrive too slowly, or never end: one timer checks them all, by the byte counts that sockets keep anyway. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Bag, type Indexed } from '../../bag.js';
import { GatewayError } from '../../errors.js';
import { bodyTooLarge } from '../body/text.js';
import { endWithError } from '../problem.js';
import type { Middleware } from './compose.js';

const BYTES_PER_SECOND = 1_000;
/** Readings in one window. */
const READINGS = 15;
/** Counted are bytes on the wire; small chunks need more of them than they carry. */
const WIRE_FACTOR = 2;

export interface BodyRateOptions {
  readonly windowMs: number;
  /** A body of more than twice that is ended, whether or not it is still being read. */
  readonly maxBytes: number;
  /** As `endWithError` takes it. */
  readonly lingerMs: number;
}

interface MonitoredBody extends Indexed {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly startBytes: number;
  /** Bytes that the socket had read at each tick, newest last: of one window at most. */
  readonly readings: number[];
}

/**
 * Ends requests whose body brings less than 1 kB a second over any window, with 408, and those whose body is too large,
 * with 413; and then their connection. A slow connection that is steady may take its time.
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

  /** Bodies that are not complete yet. */
  get size(): number {
    return this.#monitored.size + this.#fresh.length;
  }

  /** Monitors every request that has a body. */
  readonly middleware: Middleware = (req, res, next) => {
    const { headers } = req;
    if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0)
      this.add(req, res);
    next();
  };

  /** Monitors the body of a request until it is complete. */
  add(req: IncomingMessage, res: ServerResponse): void {
    const startBytes = req.socket.bytesRead;
    if (this.#fresh.length === 0) setImmediate(this.#checkFresh);
    this.#fresh.push({ index: 0, req, res, startBytes, readings: [startBytes] });
  }

  readonly #checkFresh = (): void => {
    const fresh = this.#fresh;
    this.#fresh = [];
    for (const body of fresh) if (isIncomplete(body)) this.#monitor(body);
  };

  #monitor(body: MonitoredBody): void {
    this.#monitored.add(body);
    body.req.once('close', () => {
      this.#remove(body);
    });
    this.#timer ??= setInterval(() => {
      this.#checkAll();
    }, this.#options.windowMs / READINGS).unref();
  }

  #remove(body: MonitoredBody): void {
    this.#monitored.remove(body);
    if (this.#monitored.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #checkAll(): void {
    for (const body of this.#monitored) {
      const { req, readings, startBytes } = body;
      if (!isIncomplete(body)) {
        this.#remove(body);
        continue;
      }
      const read = req.socket.bytesRead;
      const earlier = readings.length === READINGS ? readings.shift() : undefined;
      readings.push(read);
      if (read - startBytes > WIRE_FACTOR * this.#options.maxBytes)
        this.#end(body, bodyTooLarge(this.#options.maxBytes));
      else if (earlier !== undefined && read - earlier < this.#leastBytes) this.#end(body, tooSlow());
    }
  }

  /** A response that has begun cannot become an error any more. */
  #end(body: MonitoredBody, error: GatewayError): void {
    const { req, res } = body;
    this.#remove(body);
    if (res.headersSent) {
      req.socket.destroy();
      return;
    }
    req.context.code = error.code;
    res.setHeader('Connection', 'close');
    endWithError(req, res, error, this.#options.lingerMs);
  }
}

function isIncomplete({ req }: MonitoredBody): boolean {
  return !req.complete && !req.destroyed;
}

function tooSlow(): GatewayError {
  return new GatewayError(
    'request-timeout',
    'The body came slower than 1 kB a second for too long. Send it again, over a faster connection or in a smaller format.',
  );
}

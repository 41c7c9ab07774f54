/** A bare Realtime client: sends JSON, keeps every frame, waits for what is to come. No dialect of ours is involved. */
import { once } from 'node:events';
import { WebSocket, type ClientOptions } from 'ws';

/** A frame as it came; fields are looked at with `at`. */
export type Frame = Readonly<Record<string, unknown>> & { readonly type: string };

export class BareClient {
  readonly frames: Frame[] = [];
  /** Code and reason, once closed. */
  closed: { code: number; reason: string } | undefined;
  readonly socket: WebSocket;
  readonly #waiters = new Set<() => void>();

  constructor(url: string, protocols: string[] = [], options: ClientOptions = {}) {
    this.socket = new WebSocket(url, protocols, options);
    this.socket.on('message', (data: Buffer) => {
      this.frames.push(JSON.parse(data.toString()) as Frame);
      this.#look();
    });
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.#look();
    });
    this.socket.on('error', () => undefined);
  }

  /** Connected, and `session.created` is there. */
  static async open(url: string, options: ClientOptions = {}): Promise<BareClient> {
    const client = new BareClient(url, [], options);
    await client.next('session.created');
    return client;
  }

  send(event: object): void {
    this.socket.send(JSON.stringify(event));
  }

  /** The nth frame of that type, come or to come. */
  async next(type: string, nth = 1): Promise<Frame> {
    const found = (): Frame | undefined => this.frames.filter((frame) => frame.type === type)[nth - 1];
    await this.until(() => found() !== undefined, `${type} (${nth})`);
    const frame = found();
    if (frame === undefined) throw new Error(`no ${type}`);
    return frame;
  }

  /** The nth `error` frame's inner error. */
  async error(nth = 1): Promise<Record<string, unknown>> {
    const frame = await this.next('error', nth);
    return frame.error as Record<string, unknown>;
  }

  async untilClosed(): Promise<{ code: number; reason: string }> {
    await this.until(() => this.closed !== undefined, 'close');
    return this.closed ?? { code: 0, reason: '' };
  }

  /** Settles once every event sent so far has been answered: an unknown event is refused in its turn. */
  async settled(): Promise<void> {
    const eventId = `settled-${this.frames.length}-${Math.random()}`;
    this.send({ type: 'response.cancel', event_id: eventId, response_id: 'resp_none' });
    await this.until(() => this.frames.some((frame) => at(frame, 'error.event_id') === eventId), eventId);
  }

  types(): string[] {
    return this.frames.map(({ type }) => type);
  }

  until(condition: () => boolean, what = String(condition), withinMs = 20_000): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const met = condition();
        if (!met && this.closed === undefined) return;
        clearTimeout(timer);
        this.#waiters.delete(look);
        if (met) resolve();
        else reject(new Error(`closed (${JSON.stringify(this.closed)}) before ${what}`));
      };
      const timer = setTimeout(() => {
        this.#waiters.delete(look);
        reject(new Error(`no ${what} within ${withinMs} ms; came: ${this.types().join(', ')}`));
      }, withinMs);
      this.#waiters.add(look);
    });
  }

  async close(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    const gone = once(this.socket, 'close');
    this.socket.terminate();
    await gone;
  }

  #look(): void {
    for (const look of this.#waiters) look();
  }
}

/** What stands at a path like `response.output.0.id`; undefined where there is nothing. */
export function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((found, key) => {
    return typeof found === 'object' && found !== null ? (found as Record<string, unknown>)[key] : undefined;
  }, value);
}

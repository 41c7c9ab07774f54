/** One session on the server that is probed: sends events, keeps what comes, and waits for it. */
import { createEndpoint } from '../providers/endpoint.js';
import { sessionShape, type ClientEvent, type Dialect, type ServerEvent } from '../wire/index.js';
import { openSocket, type Socket } from '../ws/socket.js';

export interface ProbeTarget {
  readonly url: URL;
  readonly credentials: Readonly<Record<string, string>>;
  /** How long an answer may take. */
  readonly timeoutMs: number;
}

/** The server cannot be probed: out of reach, or it refuses us. */
export class ProbeError extends Error {
  override readonly name = 'ProbeError';
}

interface Ended {
  readonly sentence: string;
  /** All sessions are taken, which may pass. */
  readonly isFull: boolean;
}

const HANDSHAKE_MS = 10_000;

export class ProbeSocket {
  readonly dialect: Dialect;
  readonly timeoutMs: number;
  /** Everything that came and could be read. */
  readonly events: ServerEvent[] = [];
  /** How the server writes its sessions, once it has begun one. */
  shape: ReturnType<typeof sessionShape>;
  readonly #socket: Socket;
  readonly #waiting = new Set<() => void>();
  #ended: Ended | undefined;

  constructor({ url, credentials, timeoutMs }: ProbeTarget, dialect: Dialect) {
    this.dialect = dialect;
    this.timeoutMs = timeoutMs;
    const endpoint = createEndpoint(url, credentials, { dialect, model: '' });
    this.#socket = openSocket(endpoint, {
      opened: () => undefined,
      pong: () => undefined,
      frame: (frame) => {
        this.#onFrame(frame);
      },
      rejected: (status) => {
        this.#end({ sentence: `It answered the upgrade with HTTP ${status}.`, isFull: false });
      },
      closed: (code, reason) => {
        this.#end({ sentence: `It closed the socket: ${code} ${reason}`.trimEnd(), isFull: code === 1008 });
      },
    });
  }

  /** Resolves once the session has begun. @throws ProbeError */
  async begun(): Promise<void> {
    const hasBegun = await this.until(() => this.shape !== undefined || this.faults > 0, HANDSHAKE_MS);
    if (this.shape !== undefined) return;
    const fault = this.events.find((event) => event.type === 'fault');
    this.close();
    if (fault !== undefined) throw new ProbeError(`It refused the session: ${fault.code}.`);
    throw new ProbeError(hasBegun ? 'It began no session.' : (this.ended ?? 'It began no session in 10 s.'));
  }

  get faults(): number {
    return this.events.filter(({ type }) => type === 'fault').length;
  }

  /** How it ended, once it has. */
  get ended(): string | undefined {
    return this.#ended?.sentence;
  }

  get isFull(): boolean {
    const isLimit = (event: ServerEvent): boolean =>
      event.type === 'fault' && event.code === 'session_limit_reached';
    return this.#ended?.isFull === true || this.events.some(isLimit);
  }

  send(...events: readonly ClientEvent[]): void {
    for (const event of events) this.#socket.send(this.dialect.encodeClientFrame(event));
  }

  /** Resolves to whether the condition was met before `withinMs` and before the end of the socket. */
  until(condition: () => boolean, withinMs = this.timeoutMs): Promise<boolean> {
    if (condition()) return Promise.resolve(true);
    if (this.#ended !== undefined) return Promise.resolve(false);
    return new Promise((resolve) => {
      const look = (): void => {
        const isMet = condition();
        if (!isMet && this.#ended === undefined) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(isMet);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        resolve(false);
      }, withinMs);
      this.#waiting.add(look);
    });
  }

  close(): void {
    this.#socket.close(1000);
  }

  #onFrame(frame: string): void {
    const decoded = this.dialect.decodeServer(frame);
    this.shape ??= sessionShape(frame);
    if (decoded.kind === 'event') this.events.push(decoded.event);
    this.#look();
  }

  #end(ended: Ended): void {
    this.#ended ??= ended;
    this.#look();
  }

  #look(): void {
    for (const look of this.#waiting) look();
  }
}

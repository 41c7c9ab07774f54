/** A small HTTP server that imitates a part of the cascade, with faults of its connection on demand. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface PartCall {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** Resolves to whether the client left before the answer was complete. */
  readonly abandoned: Promise<boolean>;
}

/** `drop` cuts the connection before the first byte, `hang` never answers. */
export type PartFault = 'drop' | 'hang' | { status: number; headers?: Record<string, string>; body?: string };

/** Answers one call; what it throws is a mistake of the test. */
export type PartHandler = (call: PartCall, res: ServerResponse) => void | Promise<void>;

export class PartServer {
  /** Every call in order, those to the list of models apart. */
  readonly calls: PartCall[] = [];
  /** Calls to `GET …/models`. */
  readonly listed: PartCall[] = [];
  /** Each is used for one call. */
  readonly faults: PartFault[] = [];
  readonly #http: Server;
  readonly #base: string;

  private constructor(http: Server, base: string) {
    this.#http = http;
    this.#base = base;
  }

  /** @param base the path that clients are given, like `/v1` */
  static async start(base: string, handler: PartHandler): Promise<PartServer> {
    const http = createServer((req, res) => {
      void server.#serve(req, res, handler);
    });
    const server = new PartServer(http, base);
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}${this.#base}`;
  }

  /** Connections that are open now. */
  connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#http.getConnections((error, count) => {
        if (error) reject(error);
        else resolve(count);
      });
    });
  }

  async close(): Promise<void> {
    this.#http.closeAllConnections();
    if (!this.#http.listening) return;
    this.#http.close();
    await once(this.#http, 'close');
  }

  async #serve(req: IncomingMessage, res: ServerResponse, handler: PartHandler): Promise<void> {
    const abandoned = once(res, 'close').then(() => !res.writableFinished);
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const { method = '', url: path = '', headers } = req;
    const call = { method, path, headers, body: Buffer.concat(chunks), abandoned };
    (method === 'GET' ? this.listed : this.calls).push(call);
    const fault = method === 'GET' ? undefined : this.faults.shift();
    if (fault === 'hang') return;
    if (fault === 'drop') req.socket.destroy();
    else if (fault !== undefined) res.writeHead(fault.status, fault.headers).end(fault.body);
    else await handler(call, res);
  }
}

export function sendJson(res: ServerResponse, body: string, status = 200): void {
  res.writeHead(status, { 'Content-Type': 'application/json' }).end(body);
}

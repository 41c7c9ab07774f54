/** Minimal HTTP clients, so that the clients are not the bottleneck: messages are built beforehand and written to sockets. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { summarise, type Latencies } from './latencies.js';

export interface HttpLoad {
  /** `http://127.0.0.1:PORT/path` */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Assigned to the clients round robin. */
  readonly bodies: readonly Body[];
  /** Connections; absent: one for each body. */
  readonly clients?: number;
  /** Every answer must contain it. */
  readonly expected: string;
  /** The minimum of requests per client (absent: 1); each continues until `durationMs` is over. */
  readonly requestsEach?: number;
  readonly durationMs: number;
}

/** JSON, or a file in a form with fields. */
export type Body =
  { readonly json: object } | { readonly file: string; readonly fields: Readonly<Record<string, string>> };

/** @throws Error at the first answer that is not 200 or lacks `expected` */
export async function request(load: HttpLoad): Promise<Latencies> {
  const messages = await Promise.all(load.bodies.map((body) => messageOf(load.url, load.headers, body)));
  const { clients: clientCount = messages.length, requestsEach = 1, expected } = load;
  const port = Number(new URL(load.url).port);
  const clients = await Promise.all(Array.from({ length: clientCount }, () => Client.open(port, expected)));
  const latencies: number[] = [];
  const startedAt = performance.now();
  const deadline = startedAt + load.durationMs;
  try {
    await Promise.all(
      clients.map(async (client, number) => {
        let now = performance.now();
        for (let sent = 0; sent < requestsEach || now < deadline; sent += 1) {
          await client.send(messages[(number + sent * clientCount) % messages.length] ?? Buffer.alloc(0));
          const previous = now;
          now = performance.now();
          latencies.push(now - previous);
        }
      }),
    );
    return summarise(latencies, performance.now() - startedAt);
  } finally {
    for (const client of clients) client.close();
  }
}

/** The complete request as bytes. */
export async function messageOf(url: string, headers: HttpLoad['headers'], body: Body): Promise<Buffer> {
  const { type, content } = await contentOf(body);
  const { host, pathname } = new URL(url);
  const all = { Host: host, ...headers, 'Content-Type': type, 'Content-Length': String(content.length) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return Buffer.concat([Buffer.from([`POST ${pathname} HTTP/1.1`, ...lines, '', ''].join('\r\n')), content]);
}

const BOUNDARY = 'bench-boundary-5f2c';

async function contentOf(body: Body): Promise<{ type: string; content: Buffer }> {
  if ('json' in body) return { type: 'application/json', content: Buffer.from(JSON.stringify(body.json)) };
  const part = (disposition: string): string =>
    `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n`;
  const fields = Object.entries(body.fields).map(
    ([name, value]) => `${part(`name="${name}"`)}\r\n${value}\r\n`,
  );
  const head = `${part('name="file"; filename="recording.wav"')}Content-Type: audio/wav\r\n\r\n`;
  const content = [
    Buffer.from(fields.join('') + head),
    await readFile(body.file),
    Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
  ];
  return { type: `multipart/form-data; boundary=${BOUNDARY}`, content: Buffer.concat(content) };
}

/** One keep-alive connection with one request at a time. Requires answers with a Content-Length. */
class Client {
  readonly #socket: Socket;
  readonly #expected: string;
  #received = '';
  #waiting: { resolve: () => void; reject: (error: Error) => void } | undefined;

  constructor(socket: Socket, expected: string) {
    this.#socket = socket;
    this.#expected = expected;
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.#receive(text);
    });
    socket.on('error', (error) => this.#waiting?.reject(error));
    socket.on('close', () =>
      this.#waiting?.reject(new Error('The connection was closed before the answer.')),
    );
  }

  static async open(port: number, expected: string): Promise<Client> {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    return new Client(socket, expected);
  }

  send(message: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(message);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(text: string): void {
    const received = (this.#received += text);
    const bodyAt = received.indexOf('\r\n\r\n') + 4;
    if (bodyAt < 4) return;
    const length = /\r\ncontent-length: (\d+)/i.exec(received)?.[1];
    if (length === undefined) {
      this.#waiting?.reject(new Error(`An answer without a Content-Length: ${received}`));
      return;
    }
    if (received.length < bodyAt + Number(length)) return;
    this.#received = '';
    if (received.startsWith('HTTP/1.1 200') && received.includes(this.#expected)) this.#waiting?.resolve();
    else this.#waiting?.reject(new Error(`Unexpected answer: ${received}`));
  }
}

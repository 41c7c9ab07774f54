/** One client of server-sent events, of the service or of a chat server: the time from its request to the first delta. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { messageOf } from './http.js';
import { summarise, type Latencies } from './latencies.js';

export interface StreamLoad {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Each is sent once, one after the other. */
  readonly bodies: readonly object[];
  /** What the first delta and the end look like; absent: as the service writes them. */
  readonly marks?: StreamMarks;
}

export interface StreamMarks {
  readonly delta: string;
  readonly done: string;
}

const OF_THE_SERVICE: StreamMarks = {
  delta: 'event: translation.text.delta',
  done: 'event: translation.done',
};

const LAST_CHUNK = '0\r\n\r\n';

/** @throws Error at the first stream that does not end as it should */
export async function stream({
  url,
  headers,
  bodies,
  marks = OF_THE_SERVICE,
}: StreamLoad): Promise<Latencies> {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
  socket.setNoDelay(true);
  socket.setEncoding('latin1');
  await once(socket, 'connect');
  const latencies: number[] = [];
  const startedAt = performance.now();
  try {
    for (const json of bodies) {
      const message = await messageOf(url, { ...headers, Accept: 'text/event-stream' }, { json });
      latencies.push(await firstDeltaMs(socket, message, marks));
    }
    return summarise(latencies, performance.now() - startedAt);
  } finally {
    socket.destroy();
  }
}

function firstDeltaMs(socket: Socket, message: Buffer, marks: StreamMarks): Promise<number> {
  return new Promise((resolve, reject) => {
    const sentAt = performance.now();
    let received = '';
    let firstDelta: number | undefined;
    const settle = (error?: Error): void => {
      socket.off('data', onData).off('close', onClose);
      if (error === undefined && firstDelta !== undefined && received.includes(marks.done))
        resolve(firstDelta);
      else reject(error ?? new Error(`Unexpected answer: ${received}`));
    };
    const onClose = (): void => {
      settle(new Error('The connection was closed before the answer.'));
    };
    const onData = (text: string): void => {
      received += text;
      if (firstDelta === undefined && received.includes(marks.delta)) firstDelta = performance.now() - sentAt;
      if (received.endsWith(LAST_CHUNK) || !received.startsWith('HTTP/1.1 200')) settle();
    };
    socket.on('data', onData).on('close', onClose);
    socket.write(message);
  });
}

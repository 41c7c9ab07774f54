/** Checks the answer to an attack: a complete problem that the contract describes, within the deadline. */
import { connect, type Socket } from 'node:net';
import { z } from 'zod';
import { describeError, ERROR_CODES, type ErrorCode } from '../../../src/errors.js';

/** The longest that any answer may take; long enough for a slow machine. */
export const DEADLINE_MS = 20_000;

const problem = z.strictObject({
  type: z.string().startsWith('urn:'),
  title: z.string().min(1),
  status: z.int().min(400).max(599),
  detail: z.string().min(1).max(1_000),
  code: z.enum(ERROR_CODES as [ErrorCode, ...ErrorCode[]]),
  requestId: z.string().min(1).max(128),
  retryable: z.boolean(),
  hint: z.string().optional(),
  errors: z.array(z.strictObject({ pointer: z.string(), detail: z.string().min(1) })).optional(),
  partial: z.string().optional(),
});

export interface Told {
  readonly status: number;
  readonly code: string;
}

/** @throws Error if the contract does not describe the answer. */
export function readProblem(status: number, contentType: string | null, body: string): Told {
  if (contentType !== 'application/problem+json')
    throw new Error(`${status} of type ${contentType}: ${body.slice(0, 200)}`);
  const told = problem.parse(JSON.parse(body));
  // The one status that is not in the error table: Node's limit for headers.
  const known = told.code === 'invalid-request' && status === 431 ? 431 : describeError(told.code).status;
  if (status !== known || told.status !== known)
    throw new Error(`${status} with ${told.code}, told as ${told.status}`);
  if (told.code === 'internal') throw new Error(`Internal error: ${body}`);
  return { status, code: told.code };
}

/**
 * How a request ended: with the code of a problem, or with the status of a success.
 *
 * @param heard receives the whole body.
 */
export async function outcome(
  url: string,
  init: RequestInit,
  heard: (body: string) => void = () => undefined,
): Promise<string> {
  // Keep-alive connections would count as leaked descriptors.
  const headers = { Connection: 'close', ...(init.headers as Record<string, string> | undefined) };
  const answer = await fetch(url, { ...init, headers, signal: AbortSignal.timeout(DEADLINE_MS) });
  const body = await answer.text();
  heard(body);
  if (answer.ok) return String(answer.status);
  const { status, code } = readProblem(answer.status, answer.headers.get('content-type'), body);
  return `${status} ${code}`;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** All answers on one connection, and how it ended. */
export interface Exchange {
  readonly answers: readonly RawAnswer[];
  /** Received bytes that are not part of an answer; normally empty. */
  readonly rest: string;
  /** The connection was reset: a client that reads more slowly would not receive its answer. */
  readonly wasReset?: boolean;
}

/**
 * Sends bytes that no client library would send, and reads until the service has ended the connection.
 *
 * @param writes null ends our side.
 * @throws Error where it does not within the deadline.
 */
export async function exchange(port: number, ...writes: (string | Buffer | null)[]): Promise<Exchange> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let received = '';
  let wasReset = false;
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
  socket.on('error', () => (wasReset = true));
  for (const bytes of writes) {
    if (bytes === null) socket.end();
    else socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }
  try {
    await ending(socket, () => received);
  } finally {
    socket.destroy();
  }
  return { ...readAnswers(received), wasReset };
}

/** Sends bytes and resets the connection once the kernel has them. */
export async function leave(port: number, bytes: string): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' });
  await new Promise((resolve) => socket.write(Buffer.from(bytes, 'latin1'), resolve));
  socket.resetAndDestroy();
}

/** A reset is one way for a server to end a connection. */
function ending(socket: Socket, received: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`Still open after ${DEADLINE_MS} ms; came: ${received().slice(0, 500)}`));
    }, DEADLINE_MS);
    const settle = (): void => {
      clearTimeout(timer);
      resolve();
    };
    socket.on('error', settle).on('end', settle).on('close', settle);
  });
}

/** Strictly: a status line, headers, and as many bytes as Content-Length says. */
export function readAnswers(received: string): Exchange {
  const answers: RawAnswer[] = [];
  let rest = received;
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    const [first = '', ...lines] = rest.slice(0, Math.max(0, end)).split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]);
    if (end === -1 || Number.isNaN(status)) return { answers, rest };
    const headers = new Map(
      lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
      }),
    );
    const isChunked = headers.get('transfer-encoding') === 'chunked';
    const after = rest.slice(end + 4);
    const last = after.indexOf('0\r\n\r\n');
    const length = isChunked
      ? last === -1
        ? Infinity
        : last + 5
      : Number(headers.get('content-length') ?? 0);
    if (after.length < length) return { answers, rest };
    answers.push({ status, headers, body: Buffer.from(after.slice(0, length), 'latin1').toString() });
    rest = after.slice(length);
    // What follows is no HTTP any more.
    if (status === 101) return { answers, rest: '' };
  }
}

/** `413 payload-too-large`, or `200`, for each answer. */
export function outcomes({ answers, rest }: Exchange): string[] {
  const told = answers.map(({ status, headers, body }) => {
    if (status < 400) return String(status);
    return `${status} ${readProblem(status, headers.get('content-type') ?? null, body).code}`;
  });
  return rest === '' ? told : [...told, `and ${rest.slice(0, 100)}`];
}

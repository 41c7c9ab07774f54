/** Requests and bytes gone wrong, the same for the same seed and number: FUZZ_SEED chooses the one, FUZZ_CASE a single other. */
import { BOUNDARY, MULTIPART } from '../support/http.js';
import { mutate, randomOf } from '../wire/mutations.js';

export const SEED = Number(process.env.FUZZ_SEED ?? 1);
const ONLY = process.env.FUZZ_CASE;

/** The numbers of the cases to run: all of them, or the one that is asked for. */
export function cases(count: number): number[] {
  return ONLY === undefined ? Array.from({ length: count }, (_, number) => number) : [Number(ONLY)];
}

export type Random = () => number;

/** Of each case its own, so that it can be run again alone. */
export function randomFor(number: number): Random {
  return randomOf(SEED * 1_000_003 + number);
}

export function pick<T>(list: readonly [T, ...T[]], random: Random): T {
  return list[Math.floor(random() * list.length)] ?? list[0];
}

/** Does each case, so many at a time, and tells of those that failed how to run them again. */
export async function runCases(
  count: number,
  width: number,
  check: (number: number, random: Random) => Promise<void>,
): Promise<Error[]> {
  const failures: Error[] = [];
  const waiting = cases(count).values();
  const work = async (): Promise<void> => {
    for (const number of waiting) {
      try {
        await check(number, randomFor(number));
      } catch (error) {
        failures.push(new Error(`FUZZ_SEED=${SEED} FUZZ_CASE=${number}: ${String(error)}`));
      }
    }
  };
  await Promise.all(Array.from({ length: width }, work));
  return failures;
}

const RUNS: readonly [string, ...string[]] = [
  '00',
  'ff',
  '0000',
  'ffff',
  '7fffffff',
  '80000000',
  'ffffffff',
  '0d0a',
  '0d0a0d0a',
  '2d2d',
];

/** Bytes changed, cut, doubled, or mixed with others. */
export function mutateBytes(bytes: Buffer, others: readonly [Buffer, ...Buffer[]], random: Random): Buffer {
  let changed: Buffer = Buffer.from(bytes);
  do {
    const at = Math.floor(random() * changed.length);
    const until = at + Math.floor(random() ** 3 * (changed.length - at));
    const replaced = (by: Buffer): Buffer =>
      Buffer.concat([changed.subarray(0, at), by, changed.subarray(until)]);
    switch (Math.floor(random() * 6)) {
      case 0:
        changed[at] = Math.floor(random() * 256);
        break;
      case 1:
        Buffer.from(pick(RUNS, random), 'hex').copy(changed, at);
        break;
      case 2:
        changed = replaced(Buffer.alloc(0));
        break;
      case 3:
        changed = replaced(Buffer.concat([changed.subarray(at, until), changed.subarray(at, until)]));
        break;
      case 4: {
        const other = pick(others, random);
        const from = Math.floor(random() * other.length);
        changed = replaced(other.subarray(from, from + until - at));
        break;
      }
      default:
        changed = changed.subarray(0, Math.max(1, until));
    }
  } while (random() < 0.5 && changed.length > 0);
  return changed;
}

const PATHS: readonly [string, ...string[]] = [
  ...(['/api/realtime/translate', '/api/RealTime/AudioTranslate', '/api/realtime/sessions', '/'] as const),
  ...[
    '/api/realtime/sessions/0123456789abcdef0123456789abcdef',
    '/api/realtime/tickets',
    '/api/capabilities',
  ],
  ...[
    '/text-chat',
    '/realtime-voice',
    '/health',
    '/livez',
    '/readyz',
    '/metrics',
    '/openapi.json',
    '/docs',
    '/x',
  ],
];
const METHODS: readonly [string, ...string[]] = [
  'POST',
  'POST',
  'POST',
  'GET',
  'GET',
  'DELETE',
  'PUT',
  'OPTIONS',
  'PATCH',
  'TRACE',
  'QUERY',
];
const VALUES: readonly [string, ...string[]] = [
  ...([
    '',
    'x',
    '0',
    '-1',
    '1e9',
    'gzip',
    'chunked',
    'identity',
    'websocket',
    'Upgrade',
    '*/*',
    'en',
  ] as const),
  ...[
    'audio/wav',
    'text/event-stream',
    'application/json',
    'bytes=0-',
    'bytes=5-1,-9',
    '"x"',
    'null',
    '__proto__',
  ],
  ...[
    'W/"x"',
    'Thu, 01 Jan 1970 00:00:00 GMT',
    'Bearer x',
    'a'.repeat(500),
    'http://[',
    '127.0.0.1',
    ',,;=',
    '\xff',
  ],
];
const HEADERS: readonly [string, ...string[]] = [
  ...([
    'Accept',
    'Accept-Encoding',
    'Authorization',
    'X-API-Key',
    'X-Request-Id',
    'Range',
    'If-Range',
  ] as const),
  ...[
    'If-Match',
    'If-None-Match',
    'If-Modified-Since',
    'If-Unmodified-Since',
    'Content-Encoding',
    'Content-Length',
  ],
  ...[
    'Transfer-Encoding',
    'Expect',
    'Origin',
    'Upgrade',
    'Connection',
    'Host',
    'TE',
    'Trailer',
    'X-Forwarded-For',
  ],
  ...[
    'Access-Control-Request-Method',
    'Sec-WebSocket-Key',
    'Sec-WebSocket-Version',
    'Cookie',
    '__proto__',
    'X\0',
  ],
];
const FIELDS: readonly [string, ...string[]] = [
  'text',
  'q',
  'prompt',
  'source',
  'target',
  'context',
  'output',
  'voice',
  'stream',
  'connectId',
  'file',
  'ttlMs',
  '__proto__',
  'x',
];

function mutantBody(text: string, random: Random): { type: string; body: string } {
  const fields: Record<string, unknown> = { text };
  while (random() < 0.5) fields[pick(FIELDS, random)] = pick(VALUES, random);
  const entries = Object.entries(fields).map(([name, value]) => [name, String(value)] as const);
  const roll = random();
  if (roll < 0.5)
    return {
      type: 'application/json',
      body: random() < 0.3 ? JSON.stringify(fields) : mutate(fields, random),
    };
  if (roll < 0.7)
    return {
      type: 'application/x-www-form-urlencoded',
      body: entries.map((pair) => pair.join('=')).join('&'),
    };
  const parts = entries.map(([name, value]) => {
    const file = random() < 0.2 ? `; filename="${pick(VALUES, random)}"` : '';
    return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n${value}\r\n`;
  });
  return { type: MULTIPART, body: `${parts.join('')}--${BOUNDARY}--\r\n` };
}

/** A request that may be good and mostly is not, as the bytes on the wire. */
export function mutantRequest(text: string, random: Random): Buffer {
  const { type, body } = mutantBody(text, random);
  const headers: [string, string][] = [
    ['Host', 'a'],
    ['Connection', 'close'],
    ['Content-Type', type],
    ['Content-Length', String(Buffer.byteLength(body))],
  ];
  while (random() < 0.4)
    headers.splice(Math.floor(random() * headers.length), Math.floor(random() * 2), [
      pick(HEADERS, random),
      pick(VALUES, random),
    ]);
  const query = random() < 0.2 ? `?${pick(FIELDS, random)}=${pick(VALUES, random)}` : '';
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  const head = [`${pick(METHODS, random)} ${pick(PATHS, random)}${query} HTTP/1.1`, ...lines, '', ''].join(
    '\r\n',
  );
  const bytes = Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)]);
  return random() < 0.3 ? mutateBytes(bytes, [bytes], random) : bytes;
}

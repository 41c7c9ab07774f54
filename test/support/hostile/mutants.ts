/** Requests and bytes gone wrong, the same for the same seed and number: FUZZ_SEED chooses the one, FUZZ_CASE a single other. */
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { BOUNDARY, MULTIPART } from '../http.js';
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

/** Runs all cases, a few at a time; the error lists the failed ones and how to run them again. */
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
  ...['br', 'deflate', 'zstd', 'gzip, br', 'base64', 'quoted-printable', 'binary', 'utf-16be', 'gbk', '%'],
  ...['application/json; charset=gbk', 'text/plain; charset=utf-7', 'traceparent, baggage, x-odd'],
  ...['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'n=%E9&_charset_=koi8-r'],
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
    'Access-Control-Request-Headers',
    'traceparent',
    'tracestate',
    'baggage',
    'Content-Type',
    'Content-Transfer-Encoding',
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
  '_charset_',
  'x',
];

/** What a Content-Type may say of the charset; most of them are nobody's. */
const CHARSETS: readonly [string, ...string[]] = [
  ...(['gbk', 'GB18030', 'windows-1251', 'Shift_JIS', 'big5', 'euc-kr', 'koi8-r', 'utf-16be'] as const),
  ...['utf-16le', 'utf-16', 'utf-8', 'us-ascii', 'iso-8859-1', 'utf-7', 'utf-32', 'iso-2022-jp', 'klingon'],
  ...['""', '"utf-8"', "'gbk'", '', '"', '=', '__proto__', 'x'.repeat(300), '\xff'],
];
const DISPOSITIONS: readonly [string, ...string[]] = [
  ...(['; filename="a.wav"', '; filename=""', '; filename=a b.wav', "; filename*=GBK''%D6.wav"] as const),
  ...["; filename*=UTF-8''%ff", '; x', ';', '; name*=x', '; filename="', '; filename*="UTF-8\'\'a.wav"', ''],
];
const PART_HEADERS: readonly [string, ...string[]] = [
  ...(['Content-Type: audio/wav', 'Content-Type: application/octet-stream', 'Content-Type:'] as const),
  ...[
    'Content-Type: text',
    'Content-Type: multipart/mixed; boundary=b',
    'X-Odd: 1',
    'X-Odd',
    ': 1',
    ' folded',
  ],
];

function charsetOf(random: Random): string {
  return `${pick(['; charset=', ';CHARSET=', ';\tcharset =', "; charset*=utf-8''"], random)}${pick(CHARSETS, random)}`;
}

/** A part of a form, as often as not with headers that real clients do not send. */
function mutantPart(name: string, value: string, random: Random): string {
  const headers = [
    `Content-Disposition: form-data; name="${name}"${random() < 0.3 ? pick(DISPOSITIONS, random) : ''}`,
  ];
  if (random() < 0.3) headers.push(`Content-Type: text/plain${charsetOf(random)}`);
  if (random() < 0.2) headers.push(`Content-Transfer-Encoding: ${pick(VALUES, random)}`);
  if (random() < 0.2) headers.push(pick(PART_HEADERS, random));
  if (random() < 0.1) headers.reverse();
  if (random() < 0.05) headers.splice(0);
  const blanks = random() < 0.03 ? ' ' : '';
  return `--${BOUNDARY}${blanks}\r\n${headers.join('\r\n')}\r\n\r\n${value}\r\n`;
}

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
  const parts = entries.map(([name, value]) => mutantPart(name, value, random));
  return { type: MULTIPART, body: `${parts.join('')}--${BOUNDARY}--\r\n` };
}

/** Compressed as its header says, or not. */
function mutantEncoding(body: Buffer, random: Random): { bytes: Buffer; headers: [string, string][] } {
  if (random() >= 0.15) return { bytes: body, headers: [] };
  const encoding = pick(['gzip', 'deflate', 'br', 'zstd', 'identity', 'gzip, br', 'BR', 'snappy'], random);
  const compressed = [gzipSync, deflateSync, brotliCompressSync].map((compress) => compress(body));
  const bytes = pick([body, compressed[0] ?? body, ...compressed], random);
  const cut = random() < 0.2 ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes;
  return { bytes: cut, headers: [['Content-Encoding', encoding]] };
}

/** A request that may be good and mostly is not, as the bytes on the wire. */
export function mutantRequest(text: string, random: Random): Buffer {
  const { type, body } = mutantBody(text, random);
  const charset = random() < 0.15 ? charsetOf(random) : '';
  const encoded = mutantEncoding(
    random() < 0.1 ? Buffer.from(body, pick(['utf16le', 'latin1'], random)) : Buffer.from(body),
    random,
  );
  const headers: [string, string][] = [
    ['Host', 'a'],
    ['Connection', 'close'],
    ['Content-Type', `${type}${charset}`],
    ['Content-Length', String(encoded.bytes.length)],
    ...encoded.headers,
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
  const bytes = Buffer.concat([Buffer.from(head, 'latin1'), encoded.bytes]);
  return random() < 0.3 ? mutateBytes(bytes, [bytes], random) : bytes;
}

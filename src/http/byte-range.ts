/** One range of bytes that a request asks for (RFC 9110, 14.2). */
import type { IncomingMessage } from 'node:http';

export interface ByteInterval {
  readonly start: number;
  /** Not included. */
  readonly end: number;
}

/**
 * @param etag of what there is; a range of another version (`If-Range`) is not given.
 * @returns undefined for the whole: no range, several, one that is beyond the end, or one of another version. A server may
 *   ignore ranges, and players that ask beyond the end want what there is.
 */
export function requestedRange(
  { headers }: IncomingMessage,
  bytes: number,
  etag: string,
): ByteInterval | undefined {
  const condition = headers['if-range'];
  if (condition !== undefined && condition !== etag) return undefined;
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(headers.range ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, bytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? bytes : Math.min(bytes, Number(last) + 1);
  return start < end ? { start, end } : undefined;
}

/** How one side's end is told to the other (RFC 6455, 7.4). */

export interface Close {
  readonly code: number;
  readonly reason: string;
}

/** A close frame has room for 125 bytes, two of which are the code. */
const MAX_REASON_BYTES = 123;

/** Cut on a character's boundary: half a character would make the whole frame invalid. */
export function cutReason(reason: string): string {
  const bytes = Buffer.from(reason);
  if (bytes.length <= MAX_REASON_BYTES) return reason;
  let end = MAX_REASON_BYTES;
  // Bytes that continue a character are 10xxxxxx.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}

/** What is told of the other side's close; a loss without a close frame, or with a code nobody may send, is 1011. */
export function relayedClose(close: Close | undefined, lost: string): Close {
  if (close !== undefined && maySend(close.code))
    return { code: close.code, reason: cutReason(close.reason) };
  return { code: 1011, reason: cutReason(lost) };
}

/** 1004 to 1006 and 1015 stand for the lack of a code; below 3000 only the registered ones may be sent. */
function maySend(code: number): boolean {
  return (
    (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999)
  );
}

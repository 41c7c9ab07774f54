/** Close codes and reasons, and how the close of one side is passed on to the other (RFC 6455, 7.4). */

export interface Close {
  readonly code: number;
  readonly reason: string;
}

/** A close frame holds 125 bytes, two of which are the code. */
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

/** The close to pass on; 1011 with the reason `lost` where the close frame is missing, or its code must not be sent. */
export function relayedClose(close: Close | undefined, lost: string): Close {
  if (close !== undefined && maySend(close.code))
    return { code: close.code, reason: cutReason(close.reason) };
  return { code: 1011, reason: cutReason(lost) };
}

/** 1004 to 1006 and 1015 are reserved; below 3000 only registered codes may be sent. */
function maySend(code: number): boolean {
  return (
    (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999)
  );
}

/** Decodes bytes strictly by the charset they were sent in: bytes that are not valid in it are refused, never guessed. */
import { isUtf8 } from 'node:buffer';
import { MIMEType, TextDecoder } from 'node:util';

/** `charset`: it is not supported. `bytes`: they are not valid in it. */
export type DecodedText = { readonly text: string } | { readonly fault: 'charset' | 'bytes' };

const UTF_8 = /^(?:utf-?8|unicode-1-1-utf-8)$/i;
const ASCII = /^(?:(?:us-)?ascii|ansi_x3\.4-1968)$/i;
const BYTE_ORDER_MARK = '\ufeff';

/** ICU decodes bytes that a charset leaves undefined to private-use characters, which have no meaning elsewhere. */
const PRIVATE_USE = /[\ue000-\uf8ff]/;

/** 0x80 to 0x9F of windows-1252. Node 20 decodes them as C1 controls, though the label `iso-8859-1` means these too. */
const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

/** @param charset undefined or empty if none was named, which means UTF-8. */
export function decodeText(bytes: Buffer, charset: string | undefined): DecodedText {
  const label = charset?.trim() ?? '';
  if (label === '' || UTF_8.test(label)) {
    if (!isUtf8(bytes)) return { fault: 'bytes' };
    const text = bytes.toString('utf8');
    return { text: text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text };
  }
  if (ASCII.test(label) && bytes.some((byte) => byte > 0x7f)) return { fault: 'bytes' };
  const decoder = decoderFor(label, bytes);
  if (decoder === undefined) return { fault: 'charset' };
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return { fault: 'bytes' };
  }
  if (decoder.encoding.startsWith('utf-')) return { text };
  if (PRIVATE_USE.test(text)) return { fault: 'bytes' };
  if (decoder.encoding !== 'windows-1252') return { text };
  return {
    text: text.replace(/[\x80-\x9f]/g, (control) => WINDOWS_1252[control.charCodeAt(0) - 0x80] ?? ''),
  };
}

/** The label `utf-16` leaves the byte order open, so a byte order mark decides it. */
function decoderFor(label: string, bytes: Buffer): TextDecoder | undefined {
  try {
    const decoder = new TextDecoder(label, { fatal: true });
    const isBigEndian = decoder.encoding === 'utf-16le' && bytes[0] === 0xfe && bytes[1] === 0xff;
    return isBigEndian ? new TextDecoder('utf-16be', { fatal: true }) : decoder;
  } catch {
    return undefined;
  }
}

/** The charset of a Content-Type; undefined if it has none. An unreadable header counts as an unsupported charset. */
export function charsetOf(contentType: string): string | undefined {
  if (!/charset\s*\*?\s*=/i.test(contentType)) return undefined;
  return parseContentType(contentType)?.params.get('charset') ?? contentType;
}

export function parseContentType(header: string): MIMEType | undefined {
  try {
    return new MIMEType(header);
  } catch {
    return undefined;
  }
}

/** For messages to the client that named it. */
export function nameOfCharset(charset: string | undefined): string {
  const name = charset?.trim() ?? '';
  return name === '' ? 'UTF-8' : name.slice(0, 40);
}

/**
 * The headers of a form's parts. busboy tells its listeners neither the charset of a part nor all of its headers, and silently
 * drops a part that it cannot decode. So the bytes of a form pass through here on their way to busboy: each part gets a number,
 * by which busboy reports it, and a charset that keeps its bytes as they are.
 */
import { charsetOf, parseContentType } from './charset.js';

export interface PartHeaders {
  /** Like `text/plain`; undefined where the part names none, or one that cannot be read. */
  readonly type: string | undefined;
  readonly charset: string | undefined;
  /** In lower case; empty where the part names none. */
  readonly transferEncoding: string;
}

const NOTHING = Buffer.alloc(0);
const LINE_END = Buffer.from('\r\n');
const CR = 0x0d;
/** As many as busboy takes. */
const MAX_HEADER_BYTES = 16 * 1_024;

export class PartHeaderReader {
  /** By their numbers, which busboy reports as the `encoding` of each. */
  readonly parts: PartHeaders[] = [];
  readonly #delimiter: Buffer;
  #state: 'content' | 'headers' | 'end' = 'content';
  /** Whether nothing has come of a part but its headers. */
  #isAtHeadersEnd = false;
  /** What may be the beginning of a delimiter, or headers that are not whole. The first delimiter may lack its line break. */
  #pending: Buffer = LINE_END;

  /** @param contentType that of the form; busboy has checked that it names a boundary. */
  constructor(contentType: string) {
    const boundary = parseContentType(contentType)?.params.get('boundary') ?? '';
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  }

  /**
   * What busboy is to be given for the next bytes of the form.
   * @throws Error where busboy would lose a part without telling
   */
  rewrite(chunk: Buffer): Buffer {
    let rest = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const given: Buffer[] = [];
    for (;;) {
      const taken = this.#take(rest, given);
      if (taken === 0) break;
      rest = rest.subarray(taken);
    }
    this.#pending = rest;
    const [only = NOTHING, ...others] = given;
    return others.length === 0 ? only : Buffer.concat(given);
  }

  /** @returns how many bytes it has dealt with; 0 where it needs more of them. */
  #take(bytes: Buffer, given: Buffer[]): number {
    switch (this.#state) {
      case 'content':
        return this.#takeContent(bytes, given);
      case 'headers':
        return this.#takeHeaders(bytes, given);
      case 'end':
        if (bytes.length > 0) given.push(bytes);
        return bytes.length;
    }
  }

  /** Up to the end of the next delimiter, or as far as no delimiter can have begun. */
  #takeContent(bytes: Buffer, given: Buffer[]): number {
    const at = bytes.indexOf(this.#delimiter);
    if (at === 0 && this.#isAtHeadersEnd) throw new Error('a part ends in its headers');
    const end =
      at === -1 ? bytes.length - beginningAtEnd(bytes, this.#delimiter) : at + this.#delimiter.length;
    if (at !== -1) this.#state = 'headers';
    if (end > 0) {
      this.#isAtHeadersEnd = false;
      given.push(bytes.subarray(0, end));
    }
    return end;
  }

  /** What follows a delimiter: the headers of a part up to the empty line, or two dashes where the form ends. */
  #takeHeaders(bytes: Buffer, given: Buffer[]): number {
    if (bytes.length < 2) return 0;
    const first = bytes.toString('latin1', 0, 2);
    if (first === '--') {
      this.#state = 'end';
      given.push(bytes);
      return bytes.length;
    }
    if (first !== '\r\n') throw new Error('the boundary is followed by something else than a line break');
    const end = bytes.indexOf('\r\n\r\n');
    if (end === -1 ? bytes.length > MAX_HEADER_BYTES : bytes.subarray(0, end).includes(this.#delimiter))
      throw new Error('the headers of a part do not end');
    if (end === -1) return 0;
    const headers = bytes.toString('latin1', 2, Math.max(2, end));
    given.push(Buffer.from(`\r\n${this.#number(headers)}${withPlainFileName(headers)}`, 'latin1'));
    if (end > 0) given.push(LINE_END);
    this.#state = 'content';
    this.#isAtHeadersEnd = true;
    // The empty line is left: the line break of a delimiter must not be a part of it.
    return Math.max(2, end + 2);
  }

  /** Notes the part; busboy heeds the first of several headers of a name, which these become. */
  #number(headers: string): string {
    const type = valueOf(headers, 'content-type');
    const essence = parseContentType(type)?.essence;
    const transferEncoding = valueOf(headers, 'content-transfer-encoding').toLowerCase();
    this.parts.push({ type: essence, charset: charsetOf(type), transferEncoding });
    return `Content-Transfer-Encoding: ${this.parts.length - 1}\r\nContent-Type: ${essence ?? 'text/plain'}; charset=latin1\r\n`;
  }
}

/** Of the first header of that name, folded lines joined. */
function valueOf(headers: string, name: string): string {
  const found = new RegExp(`^${name}:(.*(?:\\r\\n[ \\t].*)*)`, 'im').exec(headers)?.[1] ?? '';
  return found.replace(/\r\n[ \t]+/g, ' ').trim();
}

/** busboy drops a part whose file name is in a charset that it does not know (RFC 5987). Nobody here needs that name. */
function withPlainFileName(headers: string): string {
  return headers.replace(/(;\s*filename)\*\s*=\s*("?)[\w.:-]*'[^';"\r\n]*'/i, '$1=$2');
}

/** How many of the last bytes may be the first of the delimiter; only its first byte is a CR. */
function beginningAtEnd(bytes: Buffer, delimiter: Buffer): number {
  const at = bytes.lastIndexOf(CR);
  if (at === -1) return 0;
  const tail = bytes.subarray(at);
  return delimiter.subarray(0, tail.length).equals(tail) ? tail.length : 0;
}

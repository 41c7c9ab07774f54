/**
 * The headers of a form's parts. busboy reports neither the charset of a part nor all of its headers, and silently drops a
 * part that it cannot decode. So the bytes of a form are rewritten on their way to busboy: each part gets a number, by which
 * busboy reports it, and a charset that keeps its bytes as they are. The boundary is replaced by a longer one, because
 * busboy skips as many bytes as the boundary has: a recording of 2.6 MB takes it 0.1 ms instead of 1.
 */
import { randomBytes } from 'node:crypto';
import { charsetOf, parseContentType } from './charset.js';

export interface PartHeaders {
  /** Like `text/plain`; undefined if the part has none, or an unreadable one. */
  readonly type: string | undefined;
  readonly charset: string | undefined;
  /** In lower case; empty if the part has none. */
  readonly transferEncoding: string;
}

const NOTHING = Buffer.alloc(0);
const LINE_END = Buffer.from('\r\n');
const CR = 0x0d;
/** Nobody knows it, so that no form contains it. */
const BUSBOY_BOUNDARY = randomBytes(100).toString('hex');
const BUSBOY_DELIMITER = Buffer.from(`\r\n--${BUSBOY_BOUNDARY}`, 'latin1');

/** The limit of busboy. */
const MAX_HEADER_BYTES = 16 * 1_024;

export class PartHeaderReader {
  /** Indexed by their numbers, which busboy reports as the `encoding` of each. */
  readonly parts: PartHeaders[] = [];
  readonly #delimiter: Buffer;
  #state: 'content' | 'headers' | 'end' = 'content';
  /** Whether the headers of a part have just ended. */
  #isAtHeadersEnd = false;
  /** A possible beginning of a delimiter, or incomplete headers. The first delimiter may lack its line break. */
  #pending: Buffer = LINE_END;

  /** The `Content-Type` of what busboy gets; that of the form if it has no boundary, which busboy refuses. */
  readonly busboyType: string;
  readonly #busboyDelimiter: Buffer;

  /** @param contentType of the form. */
  constructor(contentType: string) {
    const boundary = parseContentType(contentType)?.params.get('boundary') ?? '';
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
    const isReplaced = boundary !== '';
    this.busboyType = isReplaced ? `multipart/form-data; boundary=${BUSBOY_BOUNDARY}` : contentType;
    this.#busboyDelimiter = isReplaced ? BUSBOY_DELIMITER : this.#delimiter;
  }

  /**
   * The bytes that busboy gets for the next bytes of the form.
   * @throws Error if busboy would silently drop a part
   */
  rewrite(chunk: Buffer): Buffer {
    let rest = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const output: Buffer[] = [];
    for (;;) {
      const taken = this.#take(rest, output);
      if (taken === 0) break;
      rest = rest.subarray(taken);
    }
    this.#pending = rest;
    const [only = NOTHING, ...others] = output;
    return others.length === 0 ? only : Buffer.concat(output);
  }

  /** @returns the number of bytes consumed; 0 if more are needed. */
  #take(bytes: Buffer, output: Buffer[]): number {
    switch (this.#state) {
      case 'content':
        return this.#takeContent(bytes, output);
      case 'headers':
        return this.#takeHeaders(bytes, output);
      case 'end':
        if (bytes.length > 0) output.push(bytes);
        return bytes.length;
    }
  }

  /** Up to the end of the next delimiter, or up to where one may have begun. */
  #takeContent(bytes: Buffer, output: Buffer[]): number {
    const at = bytes.indexOf(this.#delimiter);
    if (at === 0 && this.#isAtHeadersEnd) throw new Error('a part ends in its headers');
    const end = at === -1 ? bytes.length - beginningAtEnd(bytes, this.#delimiter) : at;
    if (end > 0) output.push(bytes.subarray(0, end));
    if (end > 0 || at === 0) this.#isAtHeadersEnd = false;
    if (at === -1) return end;
    output.push(this.#busboyDelimiter);
    this.#state = 'headers';
    return end + this.#delimiter.length;
  }

  /** After a delimiter: the headers of a part up to the empty line, or two dashes at the end of the form. */
  #takeHeaders(bytes: Buffer, output: Buffer[]): number {
    if (bytes.length < 2) return 0;
    const first = bytes.toString('latin1', 0, 2);
    if (first === '--') {
      this.#state = 'end';
      output.push(bytes);
      return bytes.length;
    }
    if (first !== '\r\n') throw new Error('the boundary is followed by something else than a line break');
    const end = bytes.indexOf('\r\n\r\n');
    if (end === -1 ? bytes.length > MAX_HEADER_BYTES : bytes.subarray(0, end).includes(this.#delimiter))
      throw new Error('the headers of a part do not end');
    if (end === -1) return 0;
    const headers = bytes.toString('latin1', 2, Math.max(2, end));
    output.push(Buffer.from(`\r\n${this.#number(headers)}${withPlainFileName(headers)}`, 'latin1'));
    if (end > 0) output.push(LINE_END);
    this.#state = 'content';
    this.#isAtHeadersEnd = true;
    // The empty line stays for the next call: the line break of a delimiter must not be part of it.
    return Math.max(2, end + 2);
  }

  /** Records the part. busboy uses the first of several headers of one name, so these replace the part's own. */
  #number(headers: string): string {
    const type = valueOf(headers, 'content-type');
    const essence = parseContentType(type)?.essence;
    const transferEncoding = valueOf(headers, 'content-transfer-encoding').toLowerCase();
    this.parts.push({ type: essence, charset: charsetOf(type), transferEncoding });
    return `Content-Transfer-Encoding: ${this.parts.length - 1}\r\nContent-Type: ${essence ?? 'text/plain'}; charset=latin1\r\n`;
  }
}

/** The value of the first header of that name, with folded lines joined. */
function valueOf(headers: string, name: string): string {
  const found = new RegExp(`^${name}:(.*(?:\\r\\n[ \\t].*)*)`, 'im').exec(headers)?.[1] ?? '';
  return found.replace(/\r\n[ \t]+/g, ' ').trim();
}

/** busboy drops a part whose file name is in a charset that it does not know (RFC 5987). The name is not used here. */
function withPlainFileName(headers: string): string {
  return headers.replace(/(;\s*filename)\*\s*=\s*("?)[\w.:-]*'[^';"\r\n]*'/i, '$1=$2');
}

/** The number of last bytes that may begin a delimiter; only the delimiter's first byte is a CR. */
function beginningAtEnd(bytes: Buffer, delimiter: Buffer): number {
  const at = bytes.lastIndexOf(CR);
  if (at === -1) return 0;
  const tail = bytes.subarray(at);
  return delimiter.subarray(0, tail.length).equals(tail) ? tail.length : 0;
}

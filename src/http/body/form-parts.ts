/** Decodes the parts of a form, as busboy reported them, by their own headers: each is a field, or a reason to refuse the form. */
import { GatewayError, type FieldFault } from '../../errors.js';
import { decodeText, nameOfCharset } from './charset.js';
import { UploadedFile, type BodyField } from './fields.js';
import type { PartHeaders } from './part-headers.js';
import { invalidRequest, pointerTo, joinFaults } from '../problem.js';

/** A part as it was sent. Text has one character for each byte. */
export interface SentPart {
  readonly name: string;
  value: string | UploadedFile;
  /** Its index in the form. */
  readonly number: number;
}

/** The field with which HTML forms name the charset of their other fields (RFC 7578, 4.6). */
export const CHARSET_FIELD = '_charset_';

/** Content-Transfer-Encodings that leave the bytes unchanged. */
const IDENTITY_ENCODINGS = ['', '7bit', '8bit', 'binary'];

const NO_HEADERS: PartHeaders = { type: undefined, charset: undefined, transferEncoding: '' };

/**
 * @param headers of all parts, in their order.
 * @param recordingNames a text part with one of them is a recording without a file name.
 * @throws GatewayError if a part cannot be read: without it, the request would mean something else.
 */
export function readParts(
  parts: readonly SentPart[],
  headers: readonly PartHeaders[],
  recordingNames: ReadonlySet<string>,
): BodyField[] {
  refuseUnreported(parts, headers.length);
  const defaultCharset = parts.find(({ name }) => name === CHARSET_FIELD)?.value;
  const unsupported: FieldFault[] = [];
  const invalid: FieldFault[] = [];
  const fields = parts.flatMap(({ name, value, number }): BodyField[] => {
    const { charset, transferEncoding } = headers[number] ?? NO_HEADERS;
    const pointer = pointerTo(name);
    if (!IDENTITY_ENCODINGS.includes(transferEncoding)) {
      const detail = `The part \`${name}\` is encoded as ${transferEncoding.slice(0, 40)}; send it without Content-Transfer-Encoding.`;
      unsupported.push({ pointer, detail });
    }
    if (value instanceof UploadedFile) return [{ name, value }];
    if (name === CHARSET_FIELD) return [];
    if (recordingNames.has(name)) return [{ name, value: value === '' ? '' : new UploadedFile() }];
    const named = charset ?? (typeof defaultCharset === 'string' ? defaultCharset : undefined);
    const decoded = decodeText(Buffer.from(value, 'latin1'), named);
    if ('text' in decoded) return [{ name, value: decoded.text }];
    const shown = nameOfCharset(named);
    if (decoded.fault === 'charset') {
      const detail = `The part \`${name}\` is in the charset ${shown}, which cannot be read here; send it in UTF-8.`;
      unsupported.push({ pointer, detail });
    } else {
      const detail = `The part \`${name}\` is not valid ${shown}; name its charset in its Content-Type, or send it in UTF-8.`;
      invalid.push({ pointer, detail });
    }
    return [];
  });
  if (unsupported.length > 0)
    throw new GatewayError('unsupported-media-type', joinFaults(unsupported), { errors: unsupported });
  if (invalid.length > 0) throw invalidRequest(invalid);
  return fields;
}

/** busboy does not report a part whose Content-Disposition it cannot read. */
function refuseUnreported(parts: readonly SentPart[], count: number): void {
  const reported = new Set(parts.map(({ number }) => number));
  if (reported.size === count) return;
  let missing = 0;
  while (reported.has(missing)) missing += 1;
  const detail = `Part ${missing + 1} of the form has no readable Content-Disposition; write it as in \`form-data; name="text"\`.`;
  throw invalidRequest([{ pointer: '', detail }], 'Let your HTTP client make the body and its Content-Type.');
}

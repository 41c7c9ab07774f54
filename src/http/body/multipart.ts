/** multipart/form-data: the fields in the order they came, and one recording. Sole user of multer. */
import { join } from 'node:path';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline, type Readable, type Writable } from 'node:stream';
import type { Request } from 'express';
import multer, { MulterError } from 'multer';
import { GatewayError, isError } from '../../errors.js';
import type { ParsedBody } from './read-body.js';
import { ClientDisconnected } from '../middleware/request-context.js';
import { UploadedFile, WITHOUT_FILE_NAME } from './fields.js';
import { readParts, type SentPart } from './form-parts.js';
import { UploadSink } from './upload-sink.js';
import { MAX_FORM_FIELD_BYTES, MAX_FORM_FIELDS, megabytes } from '../limits.js';
import { PartHeaderReader } from './part-headers.js';
import { invalidRequest, pointerTo, tooLarge } from '../problem.js';
import { runMiddleware, type Middleware } from '../middleware/compose.js';
import { createUploadNamer } from './upload-dir.js';

/** More than the one that is taken, so that those too many are refused by name. */
const MAX_FILES = 4;
const MAX_FIELD_NAME_BYTES = 100;

/**
 * @param recordingNames the names under which a recording is taken. The first file that has one is
 * kept, in memory or in the folder, there under a name of ours; any other file is read off and only mentioned.
 */
export function createMultipartReader(
  uploadDir: string,
  maxUploadBytes: number,
  recordingNames: ReadonlySet<string>,
): (req: IncomingMessage, res: ServerResponse) => Promise<ParsedBody> {
  const nextName = createUploadNamer();

  return async (req, res) => {
    const parts: SentPart[] = [];
    const headers = new PartHeaderReader(req.headers['content-type'] ?? '');
    const report = (name: string, value: string, encoding: string): SentPart => {
      const part: SentPart = { name, value, number: Number(encoding) };
      parts.push(part);
      return part;
    };
    let filePart: SentPart | undefined;
    let recording: UploadedFile | undefined;
    let sink: UploadSink | undefined;

    const options = {
      limits: {
        fields: MAX_FORM_FIELDS,
        fieldSize: MAX_FORM_FIELD_BYTES,
        fieldNameSize: MAX_FIELD_NAME_BYTES,
        files: MAX_FILES,
        parts: MAX_FORM_FIELDS + MAX_FILES,
        fileSize: maxUploadBytes,
        headerPairs: 32,
      },
      defParamCharset: 'utf8',
      fileFilter: (_req: Request, file: Express.Multer.File, keep: multer.FileFilterCallback) => {
        const sent = new UploadedFile();
        if (filePart !== undefined) filePart.value = sent;
        const isRecording = recording === undefined && recordingNames.has(file.fieldname);
        if (isRecording) recording = sent;
        keep(null, isRecording);
      },
      storage: {
        _handleFile: (_req: Request, file: Express.Multer.File, done: (error?: unknown) => void) => {
          sink = new UploadSink(join(uploadDir, nextName()), announcedBytes(req));
          pipeline(file.stream, sink, done);
        },
        _removeFile: (_req: Request, _file: Express.Multer.File, done: (error: Error | null) => void) => {
          done(null); // By whoever reads the form.
        },
      },
      // `parser` is busboy: text parts are `field` events, parts with a file name or of no known type `file` events.
      streamHandler: (request: Request, parser: Writable) => {
        parser.on('field', (name: string | undefined, value: string, { encoding }: PartReport) => {
          if (name !== undefined) report(name, value, encoding);
        });
        // Before multer's own, which asks `fileFilter` where the part has a file name.
        parser.prependListener('file', (name: string | undefined, stream: Readable, told: PartReport) => {
          const part = report(name ?? '', '', told.encoding);
          filePart = part;
          // A part without a file name is what a browser sends for a file input left empty.
          if (told.filename === undefined || told.filename === '')
            stream.once('data', () => (part.value = new UploadedFile()));
        });
        rewriteHeaders(parser, headers);
        request.pipe(parser);
      },
    };

    const discard = async (): Promise<void> => {
      await sink?.discard();
    };
    try {
      // Multer asks of a request what node's has; only its types ask for Express's.
      await runMiddleware(multer(options).any() as Middleware, req, res);
      if (recording !== undefined) recording.content = sink?.recording;
      return { fields: readParts(parts, headers.parts, recordingNames), isTyped: false, discard };
    } catch (error) {
      await discard();
      if (req.destroyed && !req.complete) throw new ClientDisconnected();
      throw toFormError(error, maxUploadBytes, recordingNames);
    }
  };
}

/** What busboy says of a part. Its `encoding` is the number that `PartHeaderReader` gave the part. */
interface PartReport {
  readonly filename?: string;
  readonly encoding: string;
}

/** Before a chunk reaches the parser, where it is written, so that neither order nor back-pressure changes. */
function rewriteHeaders(parser: Writable, headers: PartHeaderReader): void {
  const write = parser._write.bind(parser);
  parser._write = (chunk: Buffer, encoding, done) => {
    let rewritten: Buffer;
    try {
      rewritten = headers.rewrite(chunk);
    } catch (error) {
      done(isError(error) ? error : new Error('the headers of a part cannot be read'));
      return;
    }
    write(rewritten, encoding, done);
  };
}

function announcedBytes(req: IncomingMessage): number {
  return Number(req.headers['content-length'] ?? 0);
}

/** Faults of the form in our words; faults of the disk (they name a system call) stay what they are. */
function toFormError(error: unknown, maxUploadBytes: number, recordingNames: ReadonlySet<string>): unknown {
  if (error instanceof GatewayError || !isError(error) || 'syscall' in error) return error;
  if (!(error instanceof MulterError)) {
    const detail = `The body is not well-formed multipart/form-data (${error.message}).`;
    return invalidRequest(
      [{ pointer: '', detail }],
      'Let your HTTP client make the body and its Content-Type.',
    );
  }
  const field = error.field ?? '';
  const pointer = field === '' ? '' : pointerTo(field);
  switch (error.code) {
    case 'LIMIT_FILE_SIZE':
      return tooLarge([
        {
          pointer,
          detail: `The recording is larger than ${megabytes(maxUploadBytes)}, the most that is taken.`,
        },
      ]);
    case 'LIMIT_FIELD_VALUE':
      if (recordingNames.has(field)) {
        return invalidRequest([{ pointer, detail: `\`${field}\` ${WITHOUT_FILE_NAME}` }]);
      }
      return tooLarge([
        { pointer, detail: `\`${field}\` is larger than 256 kB, the most that a field may have.` },
      ]);
    case 'LIMIT_FIELD_COUNT':
      return invalidRequest([{ pointer, detail: `The form has more than ${MAX_FORM_FIELDS} fields.` }]);
    case 'LIMIT_FILE_COUNT':
      return invalidRequest([{ pointer, detail: 'The form has several files; send one.' }]);
    case 'LIMIT_FIELD_KEY':
      return invalidRequest([
        { pointer, detail: `A field's name is longer than ${MAX_FIELD_NAME_BYTES} characters.` },
      ]);
    default:
      return invalidRequest([{ pointer, detail: `The form cannot be read: ${error.message}.` }]);
  }
}

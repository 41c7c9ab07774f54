/** multipart/form-data: the fields in their order, and one recording. The only user of multer. */
import { join } from 'node:path';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline, type Readable, type Writable } from 'node:stream';
import type { Request } from 'express';
import multer, { MulterError } from 'multer';
import { toStorageError } from '../../audio/sample-file.js';
import { GatewayError, isError } from '../../errors.js';
import type { BodyReader } from './read-body.js';
import { ClientDisconnected } from '../middleware/request-context.js';
import { UploadedFile, WITHOUT_FILE_NAME, type BodyField } from './fields.js';
import { readParts, type SentPart } from './form-parts.js';
import type { UploadMemory } from './upload-memory.js';
import { UploadSink } from './upload-sink.js';
import { kilobytes, MAX_FORM_FIELD_BYTES, MAX_FORM_FIELDS, megabytes } from '../limits.js';
import { PartHeaderReader } from './part-headers.js';
import { invalidRequest, pointerTo, tooLarge } from '../problem.js';
import { runMiddleware, type Middleware } from '../middleware/compose.js';
import { createUploadNamer } from '../../upload-dir.js';

/** More than the one that is accepted, so that further ones are refused by name. */
const MAX_FILES = 4;
const MAX_FIELD_NAME_BYTES = 100;

/**
 * @param recordingNames the names of file parts that are stored. The first such file is kept, in memory or in the folder
 * under a name of ours; any other file is read and only reported.
 * @param memory shared by all readers.
 */
export function createMultipartReader(
  uploadDir: string,
  maxUploadBytes: number,
  recordingNames: ReadonlySet<string>,
  memory: UploadMemory,
): BodyReader {
  const nextName = createUploadNamer();

  return async (req, res, noRecording) => {
    const form = new MultipartForm(
      req,
      recordingNames,
      (announced) => new UploadSink(join(uploadDir, nextName()), announced, memory),
    );
    const removeUpload = () => form.removeUpload();
    try {
      // Multer needs what node's requests have; only its types require Express's.
      const options = form.multerOptions(maxUploadBytes, noRecording);
      await form.read(multer(options).any() as Middleware, req, res);
      return { fields: form.fields(), isTyped: false, removeUpload };
    } catch (error) {
      await removeUpload();
      if (req.destroyed && !req.complete) throw new ClientDisconnected();
      throw toFormError(error, maxUploadBytes, recordingNames);
    }
  };
}

/** One form while it is read. */
class MultipartForm {
  readonly #recordingNames: ReadonlySet<string>;
  readonly #openSink: (announcedBytes: number) => UploadSink;
  readonly #announcedBytes: number;
  readonly #headers: PartHeaderReader;
  readonly #parts: SentPart[] = [];
  /** The part of the file that busboy reported last. */
  #filePart: SentPart | undefined;
  #recording: UploadedFile | undefined;
  #sink: UploadSink | undefined;

  constructor(
    { headers }: IncomingMessage,
    recordingNames: ReadonlySet<string>,
    openSink: (announcedBytes: number) => UploadSink,
  ) {
    this.#recordingNames = recordingNames;
    this.#openSink = openSink;
    this.#announcedBytes = Number(headers['content-length'] ?? 0);
    this.#headers = new PartHeaderReader(headers['content-type'] ?? '');
  }

  multerOptions(maxUploadBytes: number, noRecording?: GatewayError): MulterOptions {
    return {
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
      fileFilter: (_req, file, keep) => {
        const isRecording = this.#isRecording(file);
        if (isRecording && noRecording !== undefined) keep(noRecording);
        else keep(null, isRecording);
      },
      storage: {
        _handleFile: (_req, file, done) => {
          this.#sink = this.#openSink(this.#announcedBytes);
          pipeline(file.stream, this.#sink, done);
        },
        _removeFile: (_req, _file, done) => {
          done(null); // See removeUpload.
        },
      },
      streamHandler: (req, parser) => {
        this.#listen(parser);
        rewriteHeaders(parser, this.#headers);
        req.pipe(parser);
      },
    };
  }

  /** Runs multer, which makes its parser at once, from the header that it finds. */
  async read(middleware: Middleware, req: IncomingMessage, res: ServerResponse): Promise<void> {
    const sent = req.headers['content-type'];
    req.headers['content-type'] = this.#headers.busboyType;
    const whole = runMiddleware(middleware, req, res);
    req.headers['content-type'] = sent;
    await whole;
  }

  /** To be called once multer has read the whole form. @throws GatewayError */
  fields(): BodyField[] {
    if (this.#recording !== undefined) this.#recording.content = this.#sink?.recording;
    return readParts(this.#parts, this.#headers.parts, this.#recordingNames);
  }

  async removeUpload(): Promise<void> {
    await this.#sink?.remove();
  }

  #isRecording({ fieldname }: Express.Multer.File): boolean {
    const uploaded = new UploadedFile();
    if (this.#filePart !== undefined) this.#filePart.value = uploaded;
    const isRecording = this.#recording === undefined && this.#recordingNames.has(fieldname);
    if (isRecording) this.#recording = uploaded;
    return isRecording;
  }

  /** busboy emits `field` for text parts, `file` for parts with a file name or of a type that it does not know. */
  #listen(parser: Writable): void {
    parser.on('field', (name: string | undefined, value: string, { encoding }: PartReport) => {
      if (name !== undefined) this.#add(name, value, encoding);
    });
    // Before multer's own listener, which calls `fileFilter` if the part has a file name.
    parser.prependListener('file', (name: string | undefined, stream: Readable, info: PartReport) => {
      const part = this.#add(name ?? '', '', info.encoding);
      this.#filePart = part;
      // A browser sends a part without a file name for an empty file input.
      if (info.filename === undefined || info.filename === '')
        stream.once('data', () => (part.value = new UploadedFile()));
    });
  }

  #add(name: string, value: string, encoding: string): SentPart {
    const part: SentPart = { name, value, number: Number(encoding) };
    this.#parts.push(part);
    return part;
  }
}

/** `streamHandler` and `defParamCharset` are missing in multer's types. */
interface MulterOptions extends multer.Options {
  fileFilter: (req: Request, file: Express.Multer.File, keep: multer.FileFilterCallback) => void;
  defParamCharset: string;
  streamHandler: (req: Request, parser: Writable) => void;
}

/** busboy's report of a part. Its `encoding` is the number that `PartHeaderReader` gave the part. */
interface PartReport {
  readonly filename?: string;
  readonly encoding: string;
}

/** Replaces `_write` of the parser, so that neither order nor back-pressure changes. */
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

/** Translates errors of the form for the client; errors of the disk (which name a system call) stay as they are. */
function toFormError(error: unknown, maxUploadBytes: number, recordingNames: ReadonlySet<string>): unknown {
  if (error instanceof GatewayError || !isError(error) || 'syscall' in error) return toStorageError(error);
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
          detail: `The recording is larger than ${megabytes(maxUploadBytes)}, the most that is accepted.`,
        },
      ]);
    case 'LIMIT_FIELD_VALUE': {
      if (recordingNames.has(field)) {
        return invalidRequest([{ pointer, detail: `\`${field}\` ${WITHOUT_FILE_NAME}` }]);
      }
      const most = kilobytes(MAX_FORM_FIELD_BYTES);
      return tooLarge([
        { pointer, detail: `\`${field}\` is larger than ${most}, the most that a field may have.` },
      ]);
    }
    default:
      return invalidRequest([{ pointer, detail: limitMessage(error) }]);
  }
}

function limitMessage({ code, message }: MulterError): string {
  switch (code) {
    case 'LIMIT_FIELD_COUNT':
      return `The form has more than ${MAX_FORM_FIELDS} fields.`;
    case 'LIMIT_FILE_COUNT':
      return 'The form has several files; send one.';
    case 'LIMIT_FIELD_KEY':
      return `A field's name is longer than ${MAX_FIELD_NAME_BYTES} characters.`;
    default:
      return `The form cannot be read: ${message}.`;
  }
}

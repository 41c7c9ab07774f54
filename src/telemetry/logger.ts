/** The logger: pino's JSON lines with ISO times, secrets redacted. */
import { destination, pino, type DestinationStream, type Level, type Logger } from 'pino';

const CENSOR = '[redacted]';

/** The values of these fields are redacted at any depth. */
const SECRET_FIELDS =
  /"((?:proxy-)?authorization|x-api-key|api-?key|(?:set-)?cookie|ticket)":(?:"(?:[^"\\]|\\.)*"|\[(?:"(?:[^"\\]|\\.)*",?)*\])/gi;
/** In URLs: single-use tickets, and the key that Azure accepts in the query. */
const SECRET_PARAMETERS = /([?&](?:ticket|api-key)=)[^&#"\\\s]+/gi;
/** In URLs like `redis://user:password@host`. */
const PASSWORDS = /(:\/\/[^\s/@:"\\]*:)[^\s/@"\\]+(?=@)/g;
const BEARER = /\b(Bearer\s+)[\w.~+/-]+=*/gi;

/**
 * Works on the serialized line rather than on known paths of known objects, so that it also finds a header deep inside an
 * error, or a ticket inside a message.
 */
function redact(line: string): string {
  if (!SUSPICIOUS.test(line)) return line;
  return line
    .replace(SECRET_FIELDS, `"$1":"${CENSOR}"`)
    .replace(SECRET_PARAMETERS, `$1${CENSOR}`)
    .replace(PASSWORDS, `$1${CENSOR}`)
    .replace(BEARER, `$1${CENSOR}`);
}

/** Almost no line contains anything like a secret: one test spares the others four replacements. */
const SUSPICIOUS = /authorization|api-?key|cookie|ticket|:\/\/|bearer/i;

/** Writes the lines of one turn of the event loop at once, because each write costs a system call. */
class BatchedStream implements DestinationStream {
  readonly #out: DestinationStream;
  #lines = '';

  constructor(out: DestinationStream) {
    this.#out = out;
  }

  write(line: string): void {
    if (this.#lines === '') setImmediate(this.flush);
    this.#lines += line;
  }

  readonly flush = (): void => {
    const lines = this.#lines;
    this.#lines = '';
    if (lines !== '') this.#out.write(lines);
  };
}

/** Flushed when the process exits, so that the lines of its last turn are not lost. */
function standardOutput(): DestinationStream {
  const stream = new BatchedStream(destination({ dest: 1, sync: true }));
  process.once('exit', stream.flush);
  return stream;
}

/** pino's timestamp as an ISO time, formatted once a millisecond because many lines share one. */
function isoTime(): () => string {
  let lastMs = 0;
  let formatted = '';
  return () => {
    const now = Date.now();
    if (now !== lastMs) {
      lastMs = now;
      formatted = `,"time":"${new Date(now).toISOString()}"`;
    }
    return formatted;
  };
}

/** @param output default: standard output. */
export function createLogger(level: Level | 'silent', output: DestinationStream = standardOutput()): Logger {
  const options = {
    level,
    base: null,
    timestamp: isoTime(),
    formatters: { level: (label: string) => ({ level: label }) },
    hooks: { streamWrite: redact },
  };
  return pino(options, output);
}

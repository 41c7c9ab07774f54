/** The log: pino's JSON lines with ISO times, and no secret in any of them. */
import { destination, pino, type DestinationStream, type Level, type Logger } from 'pino';

const CENSOR = '[redacted]';

/** A field with one of these names loses its value at whatever depth it is logged. */
const SECRET_FIELDS =
  /"((?:proxy-)?authorization|x-api-key|api-?key|(?:set-)?cookie|ticket)":(?:"(?:[^"\\]|\\.)*"|\[(?:"(?:[^"\\]|\\.)*",?)*\])/gi;
/** In addresses: our single-use tickets, and the key that Azure takes in the query. */
const SECRET_PARAMETERS = /([?&](?:ticket|api-key)=)[^&#"\\\s]+/gi;
/** Of an address like that of Redis: `redis://user:password@host`. */
const PASSWORDS = /(:\/\/[^\s/@:"\\]*:)[^\s/@"\\]+(?=@)/g;
const BEARER = /\b(Bearer\s+)[\w.~+/-]+=*/gi;

/**
 * Works on the finished line rather than on known paths of known objects, so that a header logged deep inside an
 * error or a ticket inside a message is caught as well.
 */
function redact(line: string): string {
  if (!SUSPICIOUS.test(line)) return line;
  return line
    .replace(SECRET_FIELDS, `"$1":"${CENSOR}"`)
    .replace(SECRET_PARAMETERS, `$1${CENSOR}`)
    .replace(PASSWORDS, `$1${CENSOR}`)
    .replace(BEARER, `$1${CENSOR}`);
}

/** Nearly no line holds anything that looks like a secret, and those need not be searched four times. */
const SUSPICIOUS = /authorization|api-?key|cookie|ticket|:\/\/|bearer/i;

/** The lines of one turn of the event loop leave in one write: each costs a call of the kernel. */
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

/** A process that ends in the middle of a turn has said all that it had to say. */
function standardOutput(): DestinationStream {
  const turn = new BatchedStream(destination({ dest: 1, sync: true }));
  process.once('exit', turn.flush);
  return turn;
}

/** The time as pino writes it into a line, made anew once a millisecond: many lines are of the same. */
function isoTime(): () => string {
  let at = 0;
  let written = '';
  return () => {
    const now = Date.now();
    if (now !== at) {
      at = now;
      written = `,"time":"${new Date(now).toISOString()}"`;
    }
    return written;
  };
}

/** @param to where the lines go; standard output if absent. */
export function createLogger(level: Level | 'silent', to: DestinationStream = standardOutput()): Logger {
  const options = {
    level,
    base: null,
    timestamp: isoTime(),
    formatters: { level: (label: string) => ({ level: label }) },
    hooks: { streamWrite: redact },
  };
  return pino(options, to);
}

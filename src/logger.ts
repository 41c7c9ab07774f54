/** The log: pino's JSON lines with ISO times, and no secret in any of them. */
import { pino, stdTimeFunctions, type DestinationStream, type Level, type Logger } from 'pino';

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
  return line
    .replace(SECRET_FIELDS, `"$1":"${CENSOR}"`)
    .replace(SECRET_PARAMETERS, `$1${CENSOR}`)
    .replace(PASSWORDS, `$1${CENSOR}`)
    .replace(BEARER, `$1${CENSOR}`);
}

/** @param destination where the lines go; standard output if absent. */
export function createLogger(level: Level | 'silent', destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    hooks: { streamWrite: redact },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

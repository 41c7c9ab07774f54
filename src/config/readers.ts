/** Readers of environment variables: each turns the text into a value, or says what is wrong with it. */
import { z } from 'zod';

class InvalidValue extends Error {}

/** @param sentence continues after the name of the variable. */
export function invalid(sentence: string): never {
  throw new InvalidValue(sentence);
}

/** A variable whose text is converted by `read`, which may call `invalid`. */
export function variable<T>(read: (text: string) => T) {
  return z.string().transform((text, context): T => {
    try {
      return read(text);
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  });
}

export function integer(min: number, max: number) {
  return variable((text) =>
    /^\d{1,15}$/.test(text) && Number(text) >= min && Number(text) <= max
      ? Number(text)
      : invalid(`must be a whole number from ${min} to ${max}, not "${text}".`),
  );
}

export function oneOf<const T extends string>(...values: readonly T[]) {
  return variable(
    (text) =>
      values.find((value) => value === text.toLowerCase()) ??
      invalid(`must be one of ${values.join(', ')}, not "${text}".`),
  );
}

export function readList(text: string): string[] {
  return text.split(',').map((item) => item.trim());
}

/** Whether an HTTP header can carry the text unchanged. */
export function isHeaderSafe(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

/** A key or token. The sentence about a wrong one does not repeat it. */
export const secret = variable((text) =>
  isHeaderSafe(text) ? text : invalid('must be printable ASCII without spaces; copy it again.'),
);

/**
 * A bare `#`, `/` or `?` in a password ends the host name early, so that part of the password would be looked up and logged
 * as a host; a bare `%` cannot be decoded. None of these URLs needs a fragment, or an `@` after the host.
 */
function isEncoded(url: URL): boolean {
  if (url.href.includes('#') || `${url.pathname}${url.search}`.includes('@')) return false;
  try {
    decodeURIComponent(`${url.username}:${url.password}`);
    return true;
  } catch {
    return false;
  }
}

const ENCODE =
  'must have no bare #, and in its user name and password these percent-encoded: ' +
  '% as %25, # as %23, / as %2F, ? as %3F, @ as %40.';

/** The sentence about a wrong URL does not repeat it, because it may hold a password. */
export function readUrl(text: string, isValid: (url: URL) => boolean, sentence: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined ? /[@#]/.test(text) : !isEncoded(url)) invalid(ENCODE);
  return url !== undefined && isValid(url) ? url : invalid(sentence);
}

/** A URL, kept as the text that was given. */
export function urlString(
  example: string,
  protocols: readonly string[],
  isValid: (url: URL) => boolean = () => true,
) {
  const sentence = `must be a whole address like ${example}, starting with ${protocols.join('// or ')}//.`;
  return variable((text) => {
    readUrl(text, (url) => protocols.includes(url.protocol) && url.hostname !== '' && isValid(url), sentence);
    return text;
  });
}

/** HTTP schemes are accepted for WebSockets too: the provider changes them. */
export const WEB_PROTOCOLS = ['https:', 'http:', 'wss:', 'ws:'];

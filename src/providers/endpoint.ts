/** Where the upstream server is and how the service authenticates there. */
import type { Dialect } from '../wire/index.js';

export interface Endpoint {
  /** Full WebSocket address. */
  readonly url: string;
  /** Headers of the upgrade request, credentials included: never to be logged. */
  readonly headers: Readonly<Record<string, string>>;
  readonly dialect: Dialect;
  /** The model, or on Azure the deployment, as clients see it. */
  readonly model: string;
}

/** @param url with any web scheme; http(s) becomes ws(s). */
export function createEndpoint(
  url: URL,
  credentials: Readonly<Record<string, string>>,
  { dialect, model }: Pick<Endpoint, 'dialect' | 'model'>,
): Endpoint {
  const address = new URL(url);
  if (url.protocol === 'https:') address.protocol = 'wss:';
  if (url.protocol === 'http:') address.protocol = 'ws:';
  return { url: address.href, headers: { ...credentials, ...dialect.headers }, dialect, model };
}

export function bearer(key: string): Record<string, string> {
  return { Authorization: `Bearer ${key}` };
}

/** Makes text from upstream safe to log: it may quote the key that the service sent. */
export function withoutCredentials({ headers }: Endpoint, text: string): string {
  const secrets = [headers.Authorization?.replace(/^Bearer /, ''), headers['api-key']];
  return secrets.reduce<string>(
    (safe, secret) => (secret === undefined ? safe : safe.replaceAll(secret, '[redacted]')),
    text,
  );
}

/** Where upstream is and how we present ourselves there. Provider and dialect are independent axes. */
import type { Config } from '../config/config.js';
import { dialects, type Dialect, type DialectName } from '../wire/index.js';

export interface Endpoint {
  /** Full WebSocket address. */
  readonly url: string;
  /** Headers of the upgrade request, credentials included: never to be logged. */
  readonly headers: Readonly<Record<string, string>>;
  readonly dialect: Dialect;
  /** The model, or on Azure the deployment, as it is told to clients. */
  readonly model: string;
}

/** `text` of upstream's, fit to be logged: it may quote the key that we showed. */
export function withoutCredentials({ headers }: Endpoint, text: string): string {
  const secrets = [headers.Authorization?.replace(/^Bearer /, ''), headers['api-key']];
  return secrets.reduce<string>(
    (safe, secret) => (secret === undefined ? safe : safe.replaceAll(secret, '[redacted]')),
    text,
  );
}

/** The newest preview version that Azure documented; used when the pasted address names none. */
const AZURE_PREVIEW_VERSION = '2025-04-01-preview';

/**
 * @param offlineUrl address of the offline server, needed for the provider `offline` alone
 * @throws Error where config let through what has no address; `loadConfig` refuses these first
 */
export function resolveEndpoint(upstream: Config['upstream'], offlineUrl?: string): Endpoint {
  const dialect = dialects[upstream.dialect];
  const finish = (url: URL, credentials: Record<string, string>, model = upstream.model): Endpoint => ({
    url: webSocketScheme(url).href,
    headers: { ...credentials, ...dialect.headers },
    dialect,
    model,
  });

  switch (upstream.provider) {
    case 'offline': {
      return finish(new URL(required(offlineUrl, 'the offline server')), {}, 'offline');
    }
    case 'openai': {
      const { apiKey, baseUrl } = upstream.openai;
      const url = new URL(baseUrl);
      url.pathname = `${url.pathname.replace(/\/+$/, '').replace(/\/realtime$/, '')}/realtime`;
      url.searchParams.set('model', upstream.model);
      return finish(url, bearer(required(apiKey, 'OPENAI_API_KEY')));
    }
    case 'azure': {
      const { endpoint, apiKey, deployment } = upstream.azure;
      const pasted = parseAzureEndpoint(required(endpoint, 'AZURE_OPENAI_ENDPOINT'));
      const model = deployment ?? upstream.model;
      const url = azureAddress[dialect.name](new URL(pasted.origin), model, pasted.apiVersion);
      return finish(url, { 'api-key': required(apiKey, 'AZURE_OPENAI_API_KEY') }, model);
    }
    case 'compatible': {
      const { apiKey, url: address, modelGiven } = upstream.compatible;
      const url = new URL(required(address, 'REALTIME_URL'));
      if (modelGiven && !url.searchParams.has('model')) url.searchParams.set('model', upstream.model);
      const model = url.searchParams.get('model') ?? upstream.model;
      return finish(url, apiKey === undefined ? {} : bearer(apiKey), model);
    }
  }
}

/** Azure serves each dialect at an address of its own. */
const azureAddress: Record<DialectName, (url: URL, deployment: string, apiVersion?: string) => URL> = {
  ga: (url, deployment) => {
    // An api-version here brings 401 or odd behaviour, so a pasted one is dropped.
    url.pathname = '/openai/v1/realtime';
    url.searchParams.set('model', deployment);
    return url;
  },
  preview: (url, deployment, apiVersion = AZURE_PREVIEW_VERSION) => {
    url.pathname = '/openai/realtime';
    url.searchParams.set('api-version', apiVersion);
    url.searchParams.set('deployment', deployment);
    return url;
  },
};

/**
 * Reads every form of an Azure endpoint that people paste: `my-resource`, `my-resource.openai.azure.com`,
 * `https://…/`, `https://…/openai/v1`, or a whole address with its query.
 */
function parseAzureEndpoint(pasted: string): { origin: string; apiVersion: string | undefined } {
  const withScheme = /^[a-z]+:\/\//i.test(pasted) ? pasted : `https://${pasted}`;
  const url = new URL(withScheme);
  const isResourceName = !url.hostname.includes('.') && url.hostname !== 'localhost' && url.port === '';
  if (isResourceName) url.hostname = `${url.hostname}.openai.azure.com`;
  return {
    origin: `${url.protocol}//${url.host}`,
    apiVersion: url.searchParams.get('api-version') ?? undefined,
  };
}

function webSocketScheme(url: URL): URL {
  const changed = new URL(url);
  if (url.protocol === 'https:') changed.protocol = 'wss:';
  if (url.protocol === 'http:') changed.protocol = 'ws:';
  return changed;
}

function bearer(key: string): Record<string, string> {
  return { Authorization: `Bearer ${key}` };
}

function required(value: string | undefined, name: string): string {
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

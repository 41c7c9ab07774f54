/** Azure OpenAI: a resource, a deployment, and an address for each dialect. */
import { z } from 'zod';
import { readUrl, secret, variable, WEB_PROTOCOLS } from '../config/readers.js';
import type { DialectName } from '../wire/index.js';
import { createEndpoint } from './endpoint.js';
import { publishedVoices, transcriptionModel } from './openai.js';
import { anyLanguage, defineProvider, requireValue } from './provider.js';

/** The newest preview version that Azure documented; used where the pasted address names none. */
const PREVIEW_VERSION = '2025-04-01-preview';

const env = {
  AZURE_OPENAI_ENDPOINT: variable((text) => {
    readUrl(
      withScheme(text),
      (url) => WEB_PROTOCOLS.includes(url.protocol),
      'must be the address of the resource, like https://my-resource.openai.azure.com.',
    );
    return text;
  }).optional(),
  AZURE_OPENAI_API_KEY: secret.optional(),
  AZURE_OPENAI_DEPLOYMENT: z.string().optional(),
};

export const azure = defineProvider({
  name: 'azure',
  env,
  settings: z.object(env).transform((values) => ({
    endpoint: values.AZURE_OPENAI_ENDPOINT,
    apiKey: values.AZURE_OPENAI_API_KEY,
    deployment: values.AZURE_OPENAI_DEPLOYMENT ?? deploymentIn(values.AZURE_OPENAI_ENDPOINT),
  })),
  selectedBy: ['AZURE_OPENAI_API_KEY'],
  required: ({ AZURE_OPENAI_ENDPOINT: endpoint }) => [
    'AZURE_OPENAI_ENDPOINT',
    'AZURE_OPENAI_API_KEY',
    ...(deploymentIn(endpoint) === undefined ? ['AZURE_OPENAI_DEPLOYMENT'] : []),
  ],
  resolve({ endpoint, apiKey, deployment }, { model: configured, dialect }) {
    const { origin, apiVersion } = parseEndpoint(requireValue(endpoint, 'AZURE_OPENAI_ENDPOINT'));
    const credentials = { 'api-key': requireValue(apiKey, 'AZURE_OPENAI_API_KEY') };
    const model = deployment ?? configured;
    const url = (ADDRESS_OF[dialect.name] ?? currentAddress)(new URL(origin), model, apiVersion);
    return createEndpoint(url, credentials, { dialect, model });
  },
  local: false,
  capabilities: (dialect) => anyLanguage(publishedVoices(dialect)),
  transcriptionModel,
});

type Address = (url: URL, deployment: string, apiVersion: string | undefined) => URL;

/** An api-version here causes a 401 or odd behaviour, so a pasted one is dropped. */
const currentAddress: Address = (url, deployment) => {
  url.pathname = '/openai/v1/realtime';
  url.searchParams.set('model', deployment);
  return url;
};

/** Where a dialect differs from the current API. */
const ADDRESS_OF: Partial<Record<DialectName, Address>> = {
  preview: (url, deployment, apiVersion = PREVIEW_VERSION) => {
    url.pathname = '/openai/realtime';
    url.searchParams.set('api-version', apiVersion);
    url.searchParams.set('deployment', deployment);
    return url;
  },
};

/**
 * Reads every form of an endpoint that people paste: `my-resource`, `my-resource.openai.azure.com`, `https://…/`,
 * `https://…/openai/v1`, or a whole address with its query.
 */
function parseEndpoint(pasted: string): { origin: string; apiVersion: string | undefined } {
  const url = new URL(withScheme(pasted));
  const isResourceName = !url.hostname.includes('.') && url.hostname !== 'localhost' && url.port === '';
  if (isResourceName) url.hostname = `${url.hostname}.openai.azure.com`;
  return {
    origin: `${url.protocol}//${url.host}`,
    apiVersion: url.searchParams.get('api-version') ?? undefined,
  };
}

/** The deployment that a pasted endpoint names. */
function deploymentIn(endpoint = ''): string | undefined {
  const address = withScheme(endpoint);
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const inPath = url?.pathname.match(/\/deployments\/([^/]+)/)?.[1];
  const candidates = [url?.searchParams.get('deployment'), url?.searchParams.get('model'), inPath];
  return candidates.find((name) => typeof name === 'string' && name !== '') ?? undefined;
}

function withScheme(text: string): string {
  return /^[a-z]+:\/\//i.test(text) ? text : `https://${text}`;
}

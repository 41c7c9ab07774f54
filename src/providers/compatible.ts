/** Any other server of the Realtime protocol, at the address that is configured. */
import { z } from 'zod';
import { secret, urlString, WEB_PROTOCOLS } from '../config/readers.js';
import type { DialectName } from '../wire/index.js';
import { bearer, createEndpoint } from './endpoint.js';
import { transcriptionModel } from './openai.js';
import { anyLanguage, defineProvider, requireValue } from './provider.js';

const env = {
  REALTIME_URL: urlString('wss://example.org/v1/realtime', WEB_PROTOCOLS).optional(),
  REALTIME_API_KEY: secret.optional(),
};

/** Where servers of a dialect take the key in a header of their own. */
const CREDENTIALS_OF: Partial<Record<DialectName, (key: string) => Record<string, string>>> = {
  voicelive: (key) => ({ 'api-key': key }),
};

export const compatible = defineProvider({
  name: 'compatible',
  env,
  settings: z.object({ ...env, REALTIME_MODEL: z.string().optional() }).transform((values) => ({
    url: values.REALTIME_URL,
    apiKey: values.REALTIME_API_KEY,
    modelGiven: values.REALTIME_MODEL !== undefined,
  })),
  selectedBy: [],
  required: () => ['REALTIME_URL'],
  resolve({ url: configured, apiKey, modelGiven }, { model: configuredModel, dialect }) {
    const url = new URL(requireValue(configured, 'REALTIME_URL'));
    if (modelGiven && !url.searchParams.has('model')) url.searchParams.set('model', configuredModel);
    const model = url.searchParams.get('model') ?? configuredModel;
    const credentials = CREDENTIALS_OF[dialect.name] ?? bearer;
    return createEndpoint(url, apiKey === undefined ? {} : credentials(apiKey), { dialect, model });
  },
  local: false,
  capabilities: () => anyLanguage([]),
  transcriptionModel,
});

/** OpenAI's Realtime API, and the voices and models that it has published. */
import { z } from 'zod';
import { secret, urlString, WEB_PROTOCOLS } from '../config/readers.js';
import type { DialectName } from '../wire/index.js';
import { bearer, createEndpoint } from './endpoint.js';
import { anyLanguage, defineProvider, requireValue } from './provider.js';

const PREVIEW_VOICES = ['alloy', 'ash', 'ballad', 'coral', 'echo', 'sage', 'shimmer', 'verse'];
export const PUBLISHED_VOICES: readonly string[] = [...PREVIEW_VOICES, 'marin', 'cedar'];

/** Where a dialect differs from the current API. */
const VOICES_OF: Partial<Record<DialectName, readonly string[]>> = { preview: PREVIEW_VOICES };
const TRANSCRIPTION_MODEL_OF: Partial<Record<DialectName, string>> = {
  preview: 'whisper-1',
  voicelive: 'azure-speech',
};

export function publishedVoices(dialect: DialectName): readonly string[] {
  return VOICES_OF[dialect] ?? PUBLISHED_VOICES;
}

/** In each dialect the name of the model that stays; a client may choose another by updating its session. */
export function transcriptionModel(dialect: DialectName): string {
  return TRANSCRIPTION_MODEL_OF[dialect] ?? 'gpt-transcribe';
}

const env = {
  OPENAI_API_KEY: secret.optional(),
  OPENAI_BASE_URL: urlString('https://api.openai.com/v1', WEB_PROTOCOLS).default('https://api.openai.com/v1'),
};

export const openai = defineProvider({
  name: 'openai',
  env,
  settings: z
    .object(env)
    .transform(({ OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseUrl }) => ({ apiKey, baseUrl })),
  selectedBy: ['OPENAI_API_KEY'],
  required: () => ['OPENAI_API_KEY'],
  resolve({ apiKey, baseUrl }, target) {
    const url = new URL(baseUrl);
    url.pathname = `${url.pathname.replace(/\/+$/, '').replace(/\/realtime$/, '')}/realtime`;
    url.searchParams.set('model', target.model);
    return createEndpoint(url, bearer(requireValue(apiKey, 'OPENAI_API_KEY')), target);
  },
  local: false,
  capabilities: (dialect) => anyLanguage(publishedVoices(dialect)),
  transcriptionModel,
});

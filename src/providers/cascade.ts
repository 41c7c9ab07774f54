/** The cascade: speech recognition, a translator and a voice over HTTP, behind the Realtime server of this process. */
import { z } from 'zod';
import {
  integer,
  invalid,
  isHeaderSafe,
  oneOf,
  readList,
  secret,
  urlString,
  variable,
} from '../config/readers.js';
import { createEndpoint } from './endpoint.js';
import { transcriptionModel } from './openai.js';
import { defineProvider, requireValue } from './provider.js';

/** How a translator is asked: `auto` goes by the model's name, or by the address of a translator that is not a model. */
export const FORM_NAMES = ['chat', 'translategemma', 'hunyuan', 'tower', 'libretranslate', 'deepl'] as const;
export type FormName = (typeof FORM_NAMES)[number];

/** A server that is called over HTTP. */
export interface PartSettings {
  /** A base address, or the whole address of the endpoint. */
  readonly url: string;
  readonly apiKey: string | undefined;
  readonly model: string | undefined;
  /** Longest call, retry included. */
  readonly timeoutMs: number;
}

export interface TranslatorSettings extends PartSettings {
  readonly form: FormName | 'auto';
}

export interface TtsSettings extends PartSettings {
  /** Voices by language, a BCP 47 tag each, in the order given. */
  readonly voices: ReadonlyMap<string, string>;
  /** The rate of raw PCM16, which is asked for instead of WAV where it is set. */
  readonly pcmRate: number | undefined;
}

/** The parts that are called over HTTP; the others are built in. */
export interface CascadeSettings {
  readonly stt: PartSettings | undefined;
  readonly translator: TranslatorSettings | undefined;
  readonly tts: TtsSettings | undefined;
}

const HTTP_PROTOCOLS = ['https:', 'http:'];
/** fetch gives up after five minutes without headers. */
const timeout = integer(100, 300_000);

function address(example: string) {
  return urlString(example, HTTP_PROTOCOLS, ({ username, password }) => username === '' && password === '');
}

/** `en=af_heart,es=ef_dora` */
const voices = variable((text) => {
  const pairs = readList(text).map((entry) => entry.split('=').map((side) => side.trim()));
  const wrong = pairs.findIndex(
    ([tag = '', voice = '', ...rest]) => !isLanguageTag(tag) || !isHeaderSafe(voice) || rest.length > 0,
  );
  if (wrong >= 0)
    invalid(
      `must be language tags and voices like en=af_heart,es=ef_dora; entry ${wrong + 1} is not a tag, a "=" and a voice.`,
    );
  return new Map(pairs.map(([tag = '', voice = '']) => [tag.toLowerCase(), voice]));
});

function isLanguageTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}

const env = {
  STT_URL: address('http://localhost:8000/v1').optional(),
  STT_API_KEY: secret.optional(),
  STT_MODEL: z.string().optional(),
  STT_TIMEOUT_MS: timeout.default(30_000),
  TRANSLATOR_URL: address('http://localhost:11434/v1').optional(),
  TRANSLATOR_API_KEY: secret.optional(),
  TRANSLATOR_MODEL: z.string().optional(),
  TRANSLATOR_FORM: oneOf('auto', ...FORM_NAMES).default('auto'),
  TRANSLATOR_TIMEOUT_MS: timeout.default(60_000),
  TTS_URL: address('http://localhost:8880/v1').optional(),
  TTS_API_KEY: secret.optional(),
  TTS_MODEL: z.string().optional(),
  TTS_VOICES: voices.optional(),
  TTS_PCM_RATE: integer(8_000, 192_000).optional(),
  TTS_TIMEOUT_MS: timeout.default(30_000),
};

const settings = z.object(env).transform((v): CascadeSettings => ({
  stt: withUrl(v.STT_URL, (url) => ({
    ...{ url, apiKey: v.STT_API_KEY, model: v.STT_MODEL, timeoutMs: v.STT_TIMEOUT_MS },
  })),
  translator: withUrl(v.TRANSLATOR_URL, (url) => ({
    ...{ url, apiKey: v.TRANSLATOR_API_KEY, model: v.TRANSLATOR_MODEL, form: v.TRANSLATOR_FORM },
    timeoutMs: v.TRANSLATOR_TIMEOUT_MS,
  })),
  tts: withUrl(v.TTS_URL, (url) => ({
    ...{ url, apiKey: v.TTS_API_KEY, model: v.TTS_MODEL, timeoutMs: v.TTS_TIMEOUT_MS },
    ...{ voices: v.TTS_VOICES ?? new Map<string, string>(), pcmRate: v.TTS_PCM_RATE },
  })),
}));

/** A part without an address is the built-in one. */
function withUrl<T>(url: string | undefined, create: (url: string) => T): T | undefined {
  return url === undefined ? undefined : create(url);
}

export const cascade = defineProvider({
  name: 'cascade',
  env,
  settings,
  selectedBy: ['STT_URL', 'TRANSLATOR_URL', 'TTS_URL'],
  required: () => [],
  resolve: ({ translator }, { dialect, localUrl }) =>
    createEndpoint(
      new URL(requireValue(localUrl, 'the offline server')),
      {},
      { dialect, model: translator?.model ?? 'cascade' },
    ),
  local: true,
  capabilities: (_dialect, localServer) => requireValue(localServer, 'the offline server').capabilities(),
  transcriptionModel,
});

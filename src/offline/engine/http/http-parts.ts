/** Makes the parts behind HTTP from their settings. */
import type { Logger } from 'pino';
import type { CascadeSettings, PartSettings } from '../../../providers/cascade.js';
import type { Recognizer, Synthesizer, Translator } from '../parts.js';
import { baseOf } from './addresses.js';
import { formOf } from './forms/index.js';
import { HttpRecognizer } from './http-recognizer.js';
import { HttpSynthesizer } from './http-synthesizer.js';
import { HttpTranslator } from './http-translator.js';
import { PartClient } from './part-client.js';
import type { PartName } from './part-error.js';
import { Readiness, type ReadinessQuestion } from './readiness.js';

export interface HttpParts {
  readonly stt: Recognizer | undefined;
  readonly translator: Translator | undefined;
  readonly tts: Synthesizer | undefined;
  readonly readiness: Readiness;
}

type Log = Pick<Logger, 'warn'> | undefined;

/** A part without settings is undefined. Begins to ask the others whether they are there. */
export function httpParts(settings: CascadeSettings | undefined, logger: Log): HttpParts {
  const questions: ReadinessQuestion[] = [];
  const { stt, translator, tts } = settings ?? {};
  const parts = {
    stt: stt && createStt(stt, questions, logger),
    translator: translator && createTranslator(translator, questions, logger),
    tts: tts && createTts(tts, questions, logger),
  };
  return { ...parts, readiness: new Readiness(questions) };
}

function createStt(settings: PartSettings, questions: ReadinessQuestion[], logger: Log): Recognizer {
  const client = createClient('stt', settings, bearerOf(settings), logger);
  questions.push({ name: 'stt', client, url: below(settings.url, '/models') });
  return new HttpRecognizer(client, settings);
}

function createTts(
  settings: NonNullable<CascadeSettings['tts']>,
  questions: ReadinessQuestion[],
  logger: Log,
): Synthesizer {
  const client = createClient('tts', settings, bearerOf(settings), logger);
  questions.push({ name: 'tts', client, url: below(settings.url, '/models') });
  return new HttpSynthesizer(client, settings);
}

function createTranslator(
  settings: NonNullable<CascadeSettings['translator']>,
  questions: ReadinessQuestion[],
  logger: Log,
): Translator {
  const form = formOf(settings);
  const client = createClient('translator', settings, translatorKey(settings, form), logger);
  const translator = new HttpTranslator(client, settings, form);
  const path = (form.kind === 'service' ? form.languagesPath : undefined) ?? '/models';
  questions.push({
    name: 'translator',
    client,
    url: below(settings.url, path),
    onAnswer: (answer) => {
      translator.learnLanguages(answer);
    },
  });
  return translator;
}

function createClient(
  part: PartName,
  { timeoutMs }: PartSettings,
  headers: Readonly<Record<string, string>>,
  logger: Log,
): PartClient {
  return new PartClient({ part, headers, timeoutMs, logger });
}

function bearerOf({ apiKey }: PartSettings): Record<string, string> {
  return apiKey === undefined ? {} : { Authorization: `Bearer ${apiKey}` };
}

function translatorKey(settings: PartSettings, form: ReturnType<typeof formOf>): Record<string, string> {
  if (form.kind === 'chat') return bearerOf(settings);
  const { apiKey } = settings;
  return apiKey === undefined || form.authorization === undefined
    ? {}
    : { Authorization: form.authorization(apiKey) };
}

function below(url: string, path: string): string | undefined {
  const base = baseOf(url);
  return base === undefined ? undefined : `${base}${path}`;
}

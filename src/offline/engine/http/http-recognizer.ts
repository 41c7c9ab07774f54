/** A recognizer behind HTTP: OpenAI's form of a transcription, as whisper.cpp, speaches, LocalAI, vLLM and others take it. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { PartSettings } from '../../../providers/cascade.js';
import { resampleInSlices } from '../../../audio/resample.js';
import { SAMPLE_RATE, pcmDurationMs } from '../../../audio/pcm.js';
import { encodeWav } from '../../../audio/wav/wav.js';
import type { PartDescription, RecognizedSpeech } from '../../server/responder.js';
import { primaryTag } from '../languages.js';
import type { Recognizer } from '../parts.js';
import { endpointAt } from './addresses.js';
import { canonicalLanguage } from './detected-language.js';
import type { PartClient } from './part-client.js';
import { speechIn } from './speech-spans.js';

/** Every model of today was trained at this rate. */
const SENT_RATE = 16_000;
const DEFAULT_MODEL = 'whisper-1';
/** Nobody speaks faster than 40 characters a second; segments and words repeat the text with their times. */
const MAX_BYTES_PER_SECOND = 10_000;
const MAX_SPARE_BYTES = 100_000;

/** Only the text is needed; some servers send more unasked, some tell the language. */
const ANSWER = z.looseObject({ text: z.string(), language: z.string().nullish() });

export class HttpRecognizer implements Recognizer {
  readonly description: PartDescription;
  readonly missing = [];
  readonly sources = 'any';
  readonly #client: PartClient;
  readonly #url: string;
  readonly #model: string;
  /** whisper.cpp takes a request without a language for English. */
  readonly #isWhisperCpp: boolean;

  constructor(client: PartClient, { url, model = DEFAULT_MODEL }: PartSettings) {
    this.description = { kind: 'http', model };
    this.#client = client;
    this.#url = endpointAt(url, '/audio/transcriptions');
    this.#model = model;
    this.#isWhisperCpp = new URL(this.#url).pathname.endsWith('/inference');
  }

  /** Any may be tried. */
  checkLanguage(): void {
    return;
  }

  async transcribe(
    pcm: Buffer,
    language: string | undefined,
    signal: AbortSignal,
  ): Promise<RecognizedSpeech> {
    const speech = speechIn(pcm);
    if (speech.length === 0) return { text: '' };
    const samples = await resampleInSlices(speech, SAMPLE_RATE, SENT_RATE);
    signal.throwIfAborted();
    const { type, body } = multipart(this.#fields(language), encodeWav(samples, SENT_RATE));
    const request = { url: this.#url, method: 'POST', headers: { 'Content-Type': type }, body } as const;
    const maxBytes = MAX_SPARE_BYTES + (MAX_BYTES_PER_SECOND * pcmDurationMs(speech.length)) / 1_000;
    const parsed = ANSWER.safeParse(await this.#client.readJson(request, maxBytes, signal));
    // whisper.cpp has answered 200 with {"error": "…"}.
    if (!parsed.success) throw this.#client.failure('rejected', 'answered without a text');
    const { text, language: told } = parsed.data;
    // Some servers repeat the language that was sent, which was not detected.
    const detected = language === undefined ? canonicalLanguage(told) : undefined;
    // Segments come on lines of their own from whisper.cpp.
    const words = text.trim().replace(/\s*\n\s*/g, ' ');
    return { text: words, ...(detected !== undefined && { language: detected }) };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #fields(language: string | undefined): Readonly<Record<string, string>> {
    const told = language === undefined ? undefined : primaryTag(language).toLowerCase();
    const sent = told ?? (this.#isWhisperCpp ? 'auto' : undefined);
    return {
      model: this.#model,
      ...(sent !== undefined && { language: sent }),
      response_format: 'json',
      temperature: '0',
    };
  }
}

/** A body of known length: FormData is sent in chunks, which whisper.cpp and others have failed to read. */
function multipart(
  fields: Readonly<Record<string, string>>,
  wav: Buffer,
): { type: string; body: Buffer<ArrayBuffer> } {
  const boundary = `----${randomUUID()}`;
  const head = (disposition: string, type = ''): string =>
    `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n${type}\r\n`;
  const parts = Object.entries(fields).map(([name, value]) => `${head(`name="${name}"`)}${value}\r\n`);
  const file = head('name="file"; filename="audio.wav"', 'Content-Type: audio/wav\r\n');
  const body = Buffer.concat([
    Buffer.from(parts.join('') + file),
    wav,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  return { type: `multipart/form-data; boundary=${boundary}`, body };
}

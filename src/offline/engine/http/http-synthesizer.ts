/** A synthesizer behind HTTP: OpenAI's form of speech, as Kokoro, speaches, LocalAI and others take it. */
import type { TtsSettings } from '../../../providers/cascade.js';
import { BYTES_PER_SAMPLE } from '../../../audio/pcm.js';
import { parseStreamedWav } from '../../../audio/wav/wav.js';
import type { PartDescription } from '../../server/responder.js';
import type { Synthesizer } from '../parts.js';
import { primaryTag } from '../languages.js';
import { endpointAt } from './addresses.js';
import type { PartClient } from './part-client.js';
import { PartError, type FailureKind } from './part-error.js';
import { readSpokenPcm, readSpokenWav } from './spoken-answer.js';

const DEFAULT_MODEL = 'tts-1';
/** A name of OpenAI's, which other servers map to a voice of theirs. */
const DEFAULT_VOICE_NAME = 'alloy';
const MAX_SECONDS = 600;
/** Before the samples; a file that has none by then is no WAV. */
const MAX_HEADER_BYTES = 64 * 1024;

export class HttpSynthesizer implements Synthesizer {
  readonly description: PartDescription;
  readonly missing = [];
  readonly voices: readonly string[];
  readonly #client: PartClient;
  readonly #settings: TtsSettings;
  readonly #url: string;
  readonly #model: string;

  constructor(client: PartClient, settings: TtsSettings) {
    this.#model = settings.model ?? DEFAULT_MODEL;
    this.description = { kind: 'http', model: this.#model };
    this.voices = [...new Set(settings.voices.values())];
    this.#client = client;
    this.#settings = settings;
    this.#url = endpointAt(settings.url, '/audio/speech');
  }

  /** Any may be tried. */
  checkLanguage(): void {
    return;
  }

  /** The whole speech of the text in one piece. @throws PartError `tts_incomplete`, since a text goes before every speech */
  async *speak(
    text: string,
    language: string | undefined,
    voice: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Buffer, void, void> {
    const { pcmRate } = this.#settings;
    const body = {
      ...{ model: this.#model, input: text, voice: this.#voiceFor(language, voice) },
      ...{ response_format: pcmRate === undefined ? 'wav' : 'pcm', stream: false },
    };
    const request = {
      url: this.#url,
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    } as const;
    try {
      const bytes = await this.#receive(request, signal);
      const pcm = pcmRate === undefined ? await readSpokenWav(bytes) : await readSpokenPcm(bytes, pcmRate);
      if (pcm === undefined) throw this.#client.failure('rejected', 'answered with something that is no WAV');
      if (pcm.length > 0) yield pcm;
    } catch (error) {
      throw error instanceof PartError ? afterText(error, this.#client) : error;
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** A voice of ours that was asked for, else the language's, else the name as it is, else the first. */
  #voiceFor(language: string | undefined, asked: string | undefined): string {
    const { voices } = this.#settings;
    if (asked !== undefined && this.voices.includes(asked)) return asked;
    const tag = language?.toLowerCase();
    const ofLanguage = tag === undefined ? undefined : (voices.get(tag) ?? voices.get(primaryTag(tag)));
    return ofLanguage ?? asked ?? this.voices[0] ?? DEFAULT_VOICE_NAME;
  }

  /** Stops where the speech is longer than ten minutes, which its header tells in bytes. */
  async #receive(request: Parameters<PartClient['open']>[0], signal: AbortSignal): Promise<Buffer> {
    const { pcmRate } = this.#settings;
    const answer = await this.#client.open(request, signal);
    const chunks: Buffer[] = [];
    let bytes = 0;
    let maxBytes = pcmRate === undefined ? undefined : MAX_SECONDS * pcmRate * BYTES_PER_SAMPLE;
    try {
      for await (const chunk of answer.chunks()) {
        chunks.push(chunk);
        bytes += chunk.length;
        maxBytes ??= maxBytesOf(chunks, bytes);
        if (bytes > (maxBytes ?? MAX_HEADER_BYTES))
          throw this.#client.failure('overlong', `sent more than ${MAX_SECONDS} s of speech, or no WAV`);
      }
    } finally {
      answer.close();
    }
    return Buffer.concat(chunks);
  }
}

/** Undefined while the header is incomplete. */
function maxBytesOf(chunks: readonly Buffer[], bytes: number): number | undefined {
  const header =
    bytes < MAX_HEADER_BYTES || chunks.length === 1 ? parseStreamedWav(Buffer.concat(chunks)) : undefined;
  if (header === undefined) return undefined;
  const { sampleRate, channels, sampleBytes } = header.format;
  return MAX_HEADER_BYTES + MAX_SECONDS * sampleRate * channels * sampleBytes;
}

const WHY: Readonly<Record<FailureKind, string>> = {
  rejected: 'refused to speak, or did not send speech',
  unavailable: 'cannot be reached, or failed',
  rate_limited: 'is at its rate limit',
  timeout: 'did not speak in time',
  incomplete: 'failed in the middle of its answer',
  overlong: 'sent far more than the text has, or no speech',
};

/** The text is there already: what fails is the rest of the answer. */
function afterText({ kind, retryAfterMs }: PartError, client: PartClient): PartError {
  return client.failure('incomplete', `${WHY[kind]}, so that the translation is there as text alone`, {
    retryAfterMs,
  });
}

/** A recording made for the evaluation: sentences with known starts, silences from 0.3 to 90 s, noise at three levels. */
import { BYTES_PER_MS, pcmDurationMs } from '../src/audio/pcm.js';
import { pinkNoise, seededRandom, whiteNoise } from './random.js';
import { sentenceAt } from './script.js';
import { SPEECH_DB, speakSentence, toInt16, type Voice } from './voice.js';

/** How far the noise is below speech; `clean` is digital silence. */
export type NoiseLevel = 'clean' | '20 dB' | '10 dB';

export interface SpokenSentence {
  readonly text: string;
  /** Its first and last audible sample, in milliseconds from the start of the recording. */
  readonly startMs: number;
  readonly endMs: number;
  readonly noise: NoiseLevel;
}

export interface RecordingOptions {
  readonly sentences: number;
  readonly durationMs: number;
  /** They take turns all along, so that an error that grows with time is not taken for one that grows with noise. */
  readonly noise: readonly NoiseLevel[];
  readonly noiseKind?: 'pink' | 'white';
  readonly voices?: readonly Voice[];
  readonly seed?: number;
}

export interface EvaluationRecording {
  readonly sentences: readonly SpokenSentence[];
  readonly durationMs: number;
  /** PCM, 16-bit little-endian, mono, 24 kHz, in chunks of about a second; the same each time it is called. */
  pcm(): Generator<Buffer, void, void>;
}

/** Sentences in a row at one level of noise: a number prime to the turns of voices and of sentences' lengths. */
const BLOCK_SENTENCES = 5;
const MIN_SILENCE_MS = 300;
const MAX_SILENCE_MS = 90_000;
/** The offsets of noise that is this far below speech. */
const BELOW_SPEECH_DB: Readonly<Record<NoiseLevel, number>> = { clean: Infinity, '20 dB': 20, '10 dB': 10 };

/** @throws Error when speech and the shortest silences take longer than the recording, or the longest less. */
export async function createRecording(options: RecordingOptions): Promise<EvaluationRecording> {
  const {
    sentences: count,
    durationMs,
    noise,
    voices = ['slt', 'rms'],
    seed = 1,
    noiseKind = 'pink',
  } = options;
  const speech: Buffer[] = [];
  for (let index = 0; index < count; index += 1)
    speech.push(await speakSentence(sentenceAt(index), voices[index % voices.length] ?? 'slt'));
  const spokenMs = speech.reduce((sum, pcm) => sum + pcmDurationMs(pcm.length), 0);
  // One silence before each sentence, and one at the end.
  const silences = distributeSilence(count + 1, durationMs - spokenMs, seed);
  const sentences: SpokenSentence[] = [];
  let ms = 0;
  for (const [index, pcm] of speech.entries()) {
    const startMs = ms + (silences[index] ?? 0);
    ms = startMs + pcmDurationMs(pcm.length);
    const level = noise[Math.floor(index / BLOCK_SENTENCES) % noise.length] ?? 'clean';
    sentences.push({ text: sentenceAt(index), startMs, endMs: ms, noise: level });
  }
  const makeNoise = noiseKind === 'pink' ? pinkNoise : whiteNoise;
  return { sentences, durationMs, pcm: () => render(sentences, speech, durationMs, makeNoise(seed)) };
}

/**
 * As many silences of 300 ms as of 90 s and of everything between, shuffled, in whole milliseconds; the exponent bends their
 * distribution until their sum fits.
 */
function distributeSilence(count: number, totalMs: number, seed: number): number[] {
  const silencesFor = (exponent: number): number[] =>
    Array.from({ length: count }, (_, at) =>
      Math.round(MIN_SILENCE_MS * (MAX_SILENCE_MS / MIN_SILENCE_MS) ** ((at / (count - 1)) ** exponent)),
    );
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  let [least, most] = [0.01, 100];
  for (let step = 0; step < 60; step += 1) {
    const middle = Math.sqrt(least * most);
    if (sum(silencesFor(middle)) > totalMs) least = middle;
    else most = middle;
  }
  const silences = silencesFor(most);
  if (sum(silences) > totalMs || totalMs - sum(silences) > MAX_SILENCE_MS)
    throw new Error(`${count} silences of 0.3 to 90 s cannot fill ${Math.round(totalMs / 1000)} s.`);
  const random = seededRandom(seed);
  for (let last = silences.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [silences[last], silences[other]] = [silences[other] ?? 0, silences[last] ?? 0];
  }
  return silences;
}

/** The noise changes in the middle of a silence, from one sample to the next. */
function* render(
  sentences: readonly SpokenSentence[],
  speech: readonly Buffer[],
  durationMs: number,
  noise: () => number,
): Generator<Buffer, void, void> {
  const gainOf = (level: NoiseLevel): number => 32_768 * 10 ** ((SPEECH_DB - BELOW_SPEECH_DB[level]) / 20);
  const fill = (pcm: Buffer, level: NoiseLevel): Buffer => {
    const gain = gainOf(level);
    if (gain === 0) return pcm;
    const noisy = Buffer.alloc(pcm.length);
    for (let at = 0; at < pcm.length; at += 2)
      noisy.writeInt16LE(toInt16(pcm.readInt16LE(at) + gain * noise()), at);
    return noisy;
  };
  let writtenBytes = 0;
  function* silence(untilMs: number, level: NoiseLevel): Generator<Buffer, void, void> {
    const until = 2 * Math.round((untilMs * BYTES_PER_MS) / 2);
    while (writtenBytes < until) {
      const bytes = Math.min(until - writtenBytes, 1_000 * BYTES_PER_MS);
      writtenBytes += bytes;
      yield fill(Buffer.alloc(bytes), level);
    }
  }
  let [lastLevel, lastEndMs] = [sentences[0]?.noise ?? 'clean', 0];
  for (const [index, { startMs, endMs, noise: level }] of sentences.entries()) {
    yield* silence((lastEndMs + startMs) / 2, lastLevel);
    yield* silence(startMs, level);
    const pcm = speech[index] ?? Buffer.alloc(0);
    writtenBytes += pcm.length;
    yield fill(pcm, level);
    [lastLevel, lastEndMs] = [level, endMs];
  }
  yield* silence(durationMs, lastLevel);
}

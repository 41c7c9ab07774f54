/** Stores a recording while it runs, so that a killed tab loses less than a second of it. */
import { millisecondsOf, SAMPLE_RATE } from '../audio/pcm.js';
import { encodeWav } from '../audio/wav.js';

const CHUNK_SAMPLES = SAMPLE_RATE / 2;

export interface RecordingSink {
  writeChunk(index: number, pcm: Int16Array): void;
  end(): void;
}

export class RecordingWriter {
  readonly #sink: RecordingSink;
  readonly #frames: Int16Array[] = [];
  /** Frames that are not in a chunk yet, from this index on. */
  #unwritten = 0;
  #unwrittenSamples = 0;
  #chunks = 0;
  #durationMs = 0;

  constructor(sink: RecordingSink) {
    this.#sink = sink;
  }

  get durationMs(): number {
    return this.#durationMs;
  }

  append(pcm: Int16Array): void {
    this.#frames.push(pcm);
    this.#durationMs += millisecondsOf(pcm);
    this.#unwrittenSamples += pcm.length;
    if (this.#unwrittenSamples >= CHUNK_SAMPLES) this.#writeChunk();
  }

  /** @returns the whole recording as WAV. Pass it to `ItemStore.keepSound`, which replaces the chunks. */
  finish(): Blob {
    this.#sink.end();
    return new Blob([encodeWav(this.#frames)], { type: 'audio/wav' });
  }

  /** Ends without a result. Remove the item, and its chunks go too. */
  discard(): void {
    this.#sink.end();
  }

  #writeChunk(): void {
    const pcm = concatenate(this.#frames.slice(this.#unwritten), this.#unwrittenSamples);
    this.#unwritten = this.#frames.length;
    this.#unwrittenSamples = 0;
    this.#sink.writeChunk(this.#chunks, pcm);
    this.#chunks += 1;
  }
}

function concatenate(frames: readonly Int16Array[], samples: number): Int16Array {
  const whole = new Int16Array(samples);
  let at = 0;
  for (const frame of frames) {
    whole.set(frame, at);
    at += frame.length;
  }
  return whole;
}

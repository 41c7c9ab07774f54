/** The waveform of a job: how loud each 50 ms get as one byte, computed from its sound once and kept beside it. */
import { open, type FileHandle } from 'node:fs/promises';
import { BYTES_PER_SAMPLE, pcmDurationMs, SAMPLE_RATE } from '../audio/pcm.js';
import { GatewayError, isError } from '../errors.js';
import { jobNotFound } from './errors.js';
import type { JobStore } from './store.js';

export interface WaveformPeaks {
  /** Of the sound that it covers: all that is decoded. */
  readonly durationMs: number;
  readonly peaksPerSecond: number;
  /** 0: silence, 255: as loud as samples can be. */
  readonly peaks: readonly number[];
}

const KEPT_PER_SECOND = 20;
const SAMPLES_PER_PEAK = SAMPLE_RATE / KEPT_PER_SECOND;
const BYTES_PER_PEAK = SAMPLES_PER_PEAK * BYTES_PER_SAMPLE;
/** More than a screen has columns, and 30 kB of JSON. */
const MAX_PEAKS = 8_000;
/** Only every fourth sample is read: an hour takes a quarter of the time, and nobody sees the difference. */
const SAMPLE_STEP = 4;
/** 10 s of sound: half a millisecond of work between two reads. */
const READ_PEAKS = 200;

export class Waveforms {
  readonly #store: JobStore;
  /** By job, so that concurrent calls read the sound once. */
  readonly #reading = new Map<string, Promise<WaveformPeaks>>();

  constructor(store: JobStore) {
    this.#store = store;
  }

  /** The waveform of what is decoded so far, perhaps of nothing. @throws GatewayError `job-not-found`, `store-unavailable` */
  of(jobId: string): Promise<WaveformPeaks> {
    const running = this.#reading.get(jobId);
    if (running !== undefined) return running;
    const reading = this.#read(jobId).finally(() => this.#reading.delete(jobId));
    this.#reading.set(jobId, reading);
    return reading;
  }

  async #read(jobId: string): Promise<WaveformPeaks> {
    const bytes = await this.#store.soundBytes(jobId);
    const wanted = Math.ceil(bytes / BYTES_PER_PEAK);
    let kept = await this.#store.readPeaks(jobId);
    // The last one may be of a part that has grown since.
    const known = kept.subarray(0, Math.min(kept.length, Math.floor(bytes / BYTES_PER_PEAK)));
    if (known.length < wanted) {
      kept = Buffer.concat([known, await peaksOfFile(this.#store.soundPath(jobId), known.length, wanted)]);
      await this.#keep(jobId, kept.subarray(0, Math.floor(bytes / BYTES_PER_PEAK)));
    }
    return { durationMs: Math.floor(pcmDurationMs(bytes)), ...reduced(kept.subarray(0, wanted)) };
  }

  /** If no space is left, it is computed again the next time. */
  async #keep(jobId: string, peaks: Buffer): Promise<void> {
    await this.#store.writePeaks(jobId, peaks).catch((error: unknown) => {
      if (!(error instanceof GatewayError && error.code === 'storage-full')) throw error;
    });
  }
}

/** The peaks from index `from` to before `to`; fewer if the file has become shorter. */
async function peaksOfFile(path: string, from: number, to: number): Promise<Buffer> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw isError(error) && 'code' in error && error.code === 'ENOENT' ? jobNotFound() : error;
  });
  try {
    const parts: Buffer[] = [];
    const samples = new Int16Array(READ_PEAKS * SAMPLES_PER_PEAK);
    for (let at = from; at < to; at += READ_PEAKS) {
      const read = await readSamples(file, samples, at * BYTES_PER_PEAK);
      parts.push(peaksOfSamples(samples.subarray(0, read)));
      if (read < samples.length) break;
    }
    return Buffer.concat(parts);
  } finally {
    await file.close();
  }
}

/** @returns how many samples there are, less than asked for at the end of the file only. */
async function readSamples(file: FileHandle, samples: Int16Array, offset: number): Promise<number> {
  let read = 0;
  while (read < samples.byteLength) {
    const { bytesRead } = await file.read(
      new Uint8Array(samples.buffer),
      read,
      samples.byteLength - read,
      offset + read,
    );
    if (bytesRead === 0) break;
    read += bytesRead;
  }
  return Math.floor(read / BYTES_PER_SAMPLE);
}

function peaksOfSamples(samples: Int16Array): Buffer {
  const peaks = Buffer.alloc(Math.ceil(samples.length / SAMPLES_PER_PEAK));
  for (let index = 0; index < peaks.length; index += 1) {
    const end = Math.min(samples.length, (index + 1) * SAMPLES_PER_PEAK);
    let loudest = 0;
    for (let at = index * SAMPLES_PER_PEAK; at < end; at += SAMPLE_STEP) {
      const sample = samples[at] ?? 0;
      const size = sample < 0 ? -sample : sample;
      if (size > loudest) loudest = size;
    }
    // Samples of 16 bits, of which one is the sign, to 8 bits; -32,768 would become 256.
    peaks[index] = Math.min(255, loudest >> 7);
  }
  return peaks;
}

/** At most MAX_PEAKS of them, each the loudest of several. */
function reduced(kept: Buffer): Pick<WaveformPeaks, 'peaksPerSecond' | 'peaks'> {
  const factor = Math.max(1, Math.ceil(kept.length / MAX_PEAKS));
  const peaks = Array.from({ length: Math.ceil(kept.length / factor) }, (_, index) => {
    let loudest = 0;
    for (const peak of kept.subarray(index * factor, (index + 1) * factor)) loudest = Math.max(loudest, peak);
    return loudest;
  });
  return { peaksPerSecond: KEPT_PER_SECOND / factor, peaks };
}

/** Any recording in, PCM 16-bit little-endian mono 24 kHz out. The content decides what it is, not its name. */
import { open, type FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { GatewayError } from '../errors.js';
import { Ffmpeg, type Source } from './ffmpeg.js';
import { BYTES_PER_SECOND, durationMs } from './pcm.js';
import { AUDIO_FORMATS, sniff } from './sniff.js';
import {
  isOurPcm,
  readWavHeader,
  readWavSamples,
  sampleFormat,
  streamWavSamples,
  wavDataBytes,
  wavSeconds,
} from './wav.js';

export interface NormalizedAudio {
  /** PCM, 16-bit little-endian, mono, 24 kHz. Never empty. */
  readonly pcm: Buffer;
  readonly durationMs: number;
  /** False when the samples are those of the file, untouched. */
  readonly transcoded: boolean;
}

export interface NormalizerOptions {
  /** The ffmpeg to use; absent: that of ffmpeg-static, else `ffmpeg` on PATH. */
  readonly ffmpegPath?: string | undefined;
  /** ffmpeg processes at the same time. */
  readonly concurrency: number;
  /** How long one ffmpeg process may live. */
  readonly timeoutMs: number;
  /** The longest recording that is taken. */
  readonly maxSeconds: number;
}

/** What the first look at a file found: its samples, or where a decoder gets them. */
type Inspected = { kind: 'samples'; pcm: Buffer } | { kind: 'encoded'; source: Source };

export class AudioNormalizer {
  readonly #ffmpeg: Ffmpeg;
  readonly #maxSeconds: number;

  constructor(options: NormalizerOptions) {
    const { ffmpegPath, concurrency, timeoutMs, maxSeconds } = options;
    this.#ffmpeg = new Ffmpeg({ path: ffmpegPath, concurrency, timeoutMs });
    this.#maxSeconds = maxSeconds;
  }

  /** ffmpeg processes that run, and recordings that wait for one. */
  get stats(): { running: number; waiting: number } {
    return this.#ffmpeg.stats;
  }

  /**
   * Takes the samples of a PCM16 mono 24 kHz WAV as they are, and has one ffmpeg process decode anything else.
   *
   * @param path a file that stays as it is until the promise settles.
   * @throws GatewayError `unsupported-media-type`, `undecodable-audio`, `empty-audio`, `audio-too-long`, `draining` or
   *   `internal`; `signal.reason` when aborted.
   */
  async normalize(path: string, signal?: AbortSignal): Promise<NormalizedAudio> {
    try {
      return await this.#normalize(path, signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof GatewayError) throw error;
      throw new GatewayError('internal', 'The server could not read the recording; send it again.', {
        cause: error,
      });
    }
  }

  /** Whether ffmpeg can be started, and which it is or what to do. Without it our own kind of WAV is still taken. */
  check(): Promise<{ ok: boolean; detail: string }> {
    return this.#ffmpeg.check();
  }

  /** Takes no more work for ffmpeg and waits for what there is, which the time limit bounds. */
  close(): Promise<void> {
    return this.#ffmpeg.close();
  }

  /** Takes no more work for ffmpeg, kills its processes, and rejects what they were to decode with `error`. */
  destroy(error?: Error): Promise<void> {
    return this.#ffmpeg.destroy(error);
  }

  async #normalize(path: string, signal: AbortSignal | undefined): Promise<NormalizedAudio> {
    signal?.throwIfAborted();
    const inspected = await this.#inspect(path);
    signal?.throwIfAborted();

    const transcoded = inspected.kind === 'encoded';
    const pcm = transcoded ? await this.#decode(inspected.source, signal) : inspected.pcm;
    if (pcm.length === 0) throw empty();
    return { pcm, durationMs: durationMs(pcm), transcoded };
  }

  async #inspect(path: string): Promise<Inspected> {
    const file = await open(path);
    try {
      if ((await file.stat()).size === 0) throw empty();
      const demuxer = await sniff(file);
      if (demuxer === undefined) throw unsupported();
      if (demuxer === 'wav') return await this.#inspectWav(path, file);
      return { kind: 'encoded', source: { kind: 'file', path, demuxer } };
    } finally {
      await file.close();
    }
  }

  async #inspectWav(path: string, file: FileHandle): Promise<Inspected> {
    const header = await readWavHeader(file);
    if (wavDataBytes(header) === 0) throw empty();
    const seconds = wavSeconds(header);
    if (seconds !== undefined && seconds > this.#maxSeconds) throw this.#tooLong(seconds);
    if (isOurPcm(header)) return { kind: 'samples', pcm: await readWavSamples(file, header) };

    const format = sampleFormat(header);
    if (format === undefined) return { kind: 'encoded', source: { kind: 'file', path, demuxer: 'wav' } };
    // ffmpeg's own WAV reader takes RIFX for little-endian and stops after the first data chunk.
    const { sampleRate, channels } = header;
    const open = (): Readable => streamWavSamples(path, header);
    return { kind: 'encoded', source: { kind: 'samples', open, format, sampleRate, channels } };
  }

  async #decode(source: Source, signal: AbortSignal | undefined): Promise<Buffer> {
    const maxBytes = this.#maxSeconds * BYTES_PER_SECOND;
    const { pcm, cut } = await this.#ffmpeg.decode(source, maxBytes, signal);
    if (cut) throw this.#tooLong();
    return pcm;
  }

  #tooLong(seconds?: number): GatewayError {
    const length = seconds === undefined ? 'longer' : `${seconds.toFixed(1)} s long`;
    return new GatewayError(
      'audio-too-long',
      `A recording may last ${this.#maxSeconds} s at most; this one is ${length}. Send it in parts.`,
    );
  }
}

function empty(): GatewayError {
  return new GatewayError('empty-audio', 'There is no sample in the recording. Record it again.');
}

function unsupported(): GatewayError {
  return new GatewayError(
    'unsupported-media-type',
    `The content is no audio that we take, whatever the file is called. We take ${AUDIO_FORMATS.join(', ')}.`,
  );
}

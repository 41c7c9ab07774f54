/** Any recording in, PCM 16-bit little-endian mono 24 kHz out. The content decides the format, not the file name. */
import { GatewayError } from '../errors.js';
import { Decoder } from './ffmpeg/decoder.js';
import type { DecodeInput } from './ffmpeg/input-file.js';
import { audioTooLong, emptyAudio, unreadableRecording } from './errors.js';
import { inspect, type RecordingPart } from './inspect.js';
import { BYTES_PER_SECOND, pcmDurationMs } from './pcm.js';
import type { Recording } from './recording.js';

export interface NormalizedAudio {
  /** PCM, 16-bit little-endian, mono, 24 kHz. Never empty. */
  readonly pcm: Buffer;
  /** Rounded, and computed from the samples, never read from a header. */
  readonly durationMs: number;
}

export interface NormalizerOptions {
  /** The ffmpeg binary; absent: that of ffmpeg-static, else `ffmpeg` on PATH. */
  readonly ffmpegPath?: string | undefined;
  /** Folders to search for `ffmpeg`, as in PATH; absent: the usual ones. */
  readonly searchPath?: string | undefined;
  /** ffmpeg processes that decode at the same time. */
  readonly concurrency: number;
  /** ffmpeg processes kept warm for a recording like the last; absent: none. */
  readonly spare?: number;
  /** Time limit of one ffmpeg process. */
  readonly timeoutMs: number;
  /** The longest recording accepted. */
  readonly maxSeconds: number;
}

export class AudioNormalizer {
  readonly #decoder: Decoder;
  readonly #maxSeconds: number;

  constructor(options: NormalizerOptions) {
    const { ffmpegPath, searchPath, concurrency, spare = 0, timeoutMs, maxSeconds } = options;
    this.#decoder = new Decoder({ path: ffmpegPath, searchPath, concurrency, spare, timeoutMs });
    this.#maxSeconds = maxSeconds;
  }

  /** Running ffmpeg processes, and recordings that wait for one. */
  get stats(): { running: number; waiting: number } {
    return this.#decoder.stats;
  }

  /** Finished decodes by outcome: `decoded`, `cancelled`, or the code of the error. */
  get outcomes(): ReadonlyMap<string, number> {
    return this.#decoder.outcomes;
  }

  /**
   * Returns the samples of a PCM16 mono 24 kHz WAV unchanged; ffmpeg decodes anything else.
   *
   * @param recording must not change until the promise settles. The samples share the bytes of one in
   *   memory only if it is a single WAV of that format.
   * @param maxSeconds the longest accepted here; absent: that of the options.
   * @throws GatewayError `unsupported-media-type`, `undecodable-audio`, `empty-audio`, `audio-too-long`, `draining` or
   *   `internal`; `signal.reason` when aborted.
   */
  async normalize(
    recording: Recording,
    signal?: AbortSignal,
    maxSeconds = this.#maxSeconds,
  ): Promise<NormalizedAudio> {
    try {
      return await this.#normalize(recording, signal, maxSeconds);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof GatewayError) throw error;
      throw unreadableRecording(error);
    }
  }

  /** Whether ffmpeg can be started, and its version or what to do. Without it PCM16 mono 24 kHz WAV still works. */
  check(): Promise<{ ok: boolean; detail: string }> {
    return this.#decoder.check();
  }

  /** Rejects new work for ffmpeg and waits for what is in progress, which the time limit bounds. */
  close(): Promise<void> {
    return this.#decoder.close();
  }

  /** Rejects new work for ffmpeg, kills its processes, and rejects pending decodes with `error`. */
  destroy(error?: Error): Promise<void> {
    return this.#decoder.destroy(error);
  }

  async #normalize(
    recording: Recording,
    signal: AbortSignal | undefined,
    maxSeconds: number,
  ): Promise<NormalizedAudio> {
    signal?.throwIfAborted();
    const parts = await inspect(recording, (seconds) => {
      if (seconds > maxSeconds) throw audioTooLong(maxSeconds, seconds);
    });
    signal?.throwIfAborted();

    const [only] = parts;
    const pcm =
      parts.length === 1 && only !== undefined
        ? await this.#samplesOf(only, signal, maxSeconds)
        : await this.#join(parts, signal, maxSeconds);
    if (pcm.length === 0) throw emptyAudio();
    return { pcm, durationMs: Math.round(pcmDurationMs(pcm.length)) };
  }

  /** The samples of several recordings in one file, each of which may be empty. */
  async #join(
    parts: readonly RecordingPart[],
    signal: AbortSignal | undefined,
    maxSeconds: number,
  ): Promise<Buffer> {
    const samples: Buffer[] = [];
    let bytes = 0;
    for (const part of parts) {
      const pcm = await this.#samplesOf(part, signal, maxSeconds).catch((error: unknown) => {
        if (error instanceof GatewayError && error.code === 'empty-audio') return Buffer.alloc(0);
        throw error;
      });
      bytes += pcm.length;
      if (bytes > maxSeconds * BYTES_PER_SECOND) throw audioTooLong(maxSeconds);
      samples.push(pcm);
    }
    return Buffer.concat(samples);
  }

  async #samplesOf(
    part: RecordingPart,
    signal: AbortSignal | undefined,
    maxSeconds: number,
  ): Promise<Buffer> {
    return part.kind === 'samples' ? part.pcm : await this.#decode(part.source, signal, maxSeconds);
  }

  async #decode(source: DecodeInput, signal: AbortSignal | undefined, maxSeconds: number): Promise<Buffer> {
    const maxBytes = maxSeconds * BYTES_PER_SECOND;
    const { pcm, truncated } = await this.#decoder.decode(source, maxBytes, signal);
    if (truncated) throw audioTooLong(maxSeconds);
    return pcm;
  }
}

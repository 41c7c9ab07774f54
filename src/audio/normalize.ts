/** Any recording in, PCM 16-bit little-endian mono 24 kHz out. The content decides what it is, not its name. */
import { GatewayError } from '../errors.js';
import { Decoder, type DecodeInput } from './ffmpeg/decoder.js';
import { emptyAudio, inspect, type RecordingPart } from './inspect.js';
import { BYTES_PER_SECOND, durationMs } from './pcm.js';
import type { Recording } from './recording.js';

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
  /** Folders in which `ffmpeg` is looked for, as in PATH; absent: the usual ones. */
  readonly searchPath?: string | undefined;
  /** ffmpeg processes at work at the same time. */
  readonly concurrency: number;
  /** ffmpeg processes that wait, started ahead, for a recording like the last; absent: none. */
  readonly spare?: number;
  /** How long one ffmpeg process may work. */
  readonly timeoutMs: number;
  /** The longest recording that is taken. */
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

  /** ffmpeg processes that run, and recordings that wait for one. */
  get stats(): { running: number; waiting: number } {
    return this.#decoder.stats;
  }

  /** How many decodes ended in which way so far. */
  get outcomes(): ReadonlyMap<string, number> {
    return this.#decoder.outcomes;
  }

  /**
   * Takes the samples of a PCM16 mono 24 kHz WAV as they are, and has one ffmpeg process decode anything else.
   *
   * @param recording stays as it is until the promise settles. The samples of one in memory are its own bytes.
   * @throws GatewayError `unsupported-media-type`, `undecodable-audio`, `empty-audio`, `audio-too-long`, `draining` or
   *   `internal`; `signal.reason` when aborted.
   */
  async normalize(recording: Recording, signal?: AbortSignal): Promise<NormalizedAudio> {
    try {
      return await this.#normalize(recording, signal);
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
    return this.#decoder.check();
  }

  /** Takes no more work for ffmpeg and waits for what there is, which the time limit bounds. */
  close(): Promise<void> {
    return this.#decoder.close();
  }

  /** Takes no more work for ffmpeg, kills its processes, and rejects what they were to decode with `error`. */
  destroy(error?: Error): Promise<void> {
    return this.#decoder.destroy(error);
  }

  async #normalize(recording: Recording, signal: AbortSignal | undefined): Promise<NormalizedAudio> {
    signal?.throwIfAborted();
    const parts = await inspect(recording, (seconds) => {
      if (seconds > this.#maxSeconds) throw this.#tooLong(seconds);
    });
    signal?.throwIfAborted();

    const transcoded = parts.some(({ kind }) => kind === 'encoded');
    const [only] = parts;
    const pcm =
      parts.length === 1 && only !== undefined
        ? await this.#samplesOf(only, signal)
        : await this.#join(parts, signal);
    if (pcm.length === 0) throw emptyAudio();
    return { pcm, durationMs: durationMs(pcm), transcoded };
  }

  /** The samples of several recordings that stood one behind the other, each of which may be empty. */
  async #join(parts: readonly RecordingPart[], signal: AbortSignal | undefined): Promise<Buffer> {
    const samples: Buffer[] = [];
    let bytes = 0;
    for (const part of parts) {
      const pcm = await this.#samplesOf(part, signal).catch((error: unknown) => {
        if (error instanceof GatewayError && error.code === 'empty-audio') return Buffer.alloc(0);
        throw error;
      });
      bytes += pcm.length;
      if (bytes > this.#maxSeconds * BYTES_PER_SECOND) throw this.#tooLong();
      samples.push(pcm);
    }
    return Buffer.concat(samples);
  }

  async #samplesOf(part: RecordingPart, signal: AbortSignal | undefined): Promise<Buffer> {
    return part.kind === 'samples' ? part.pcm : await this.#decode(part.source, signal);
  }

  async #decode(source: DecodeInput, signal: AbortSignal | undefined): Promise<Buffer> {
    const maxBytes = this.#maxSeconds * BYTES_PER_SECOND;
    const { pcm, truncated } = await this.#decoder.decode(source, maxBytes, signal);
    if (truncated) throw this.#tooLong();
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

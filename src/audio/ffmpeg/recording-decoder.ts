/** Decodes recordings of any length and films as a stream, in memory that does not grow with them. */
import { GatewayError } from '../../errors.js';
import { Semaphore } from '../../semaphore.js';
import { audioTooLong, decoderClosed, emptyAudio, unreadableRecording } from '../errors.js';
import { inspect } from '../inspect.js';
import { WavDownmix } from '../mixing/wav-downmix.js';
import { alignChunks } from '../mixing/samples.js';
import { BYTES_PER_SAMPLE, BYTES_PER_SECOND, SAMPLE_RATE } from '../pcm.js';
import type { Recording } from '../recording.js';
import { audioFilters, outputOptions, type Encoding, type Track } from './arguments.js';
import { hasNoAudioStream } from './errors.js';
import { bundledBinary, chooseBinary } from './ffmpeg.js';
import type { DecodeInput } from './input-file.js';
import { Sandbox } from './sandbox.js';
import { streamOutput, type StreamRunner } from './stream-output.js';
import { findDefaultTrack, mayTryAnother } from './tracks.js';

export interface RecordingDecoderOptions {
  /** The configured binary; absent: that of ffmpeg-static, else `ffmpeg` in `searchPath`. */
  readonly ffmpegPath?: string | undefined;
  /** Folders to search, as in PATH; absent: the usual ones. */
  readonly searchPath?: string | undefined;
  /** Recordings that are decoded at the same time; the others wait. */
  readonly concurrency: number;
  /** The longest recording accepted, `MAX_RECORDING_SECONDS`. */
  readonly maxSeconds: number;
  /** How long ffmpeg may take to its next output while the consumer waits for it; absent: 60 s. */
  readonly stallMs?: number | undefined;
}

export class RecordingDecoder {
  readonly #semaphore: Semaphore;
  readonly #maxSeconds: number;
  /** Aborts every decode that runs or waits. */
  readonly #destroyed = new AbortController();
  /** Iterations in progress, each settled when it has ended. */
  readonly #running = new Set<Promise<void>>();
  readonly #runner: StreamRunner;
  #closed = false;

  constructor(options: RecordingDecoderOptions) {
    const { ffmpegPath, searchPath, concurrency, maxSeconds, stallMs = 60_000 } = options;
    this.#runner = {
      binary: chooseBinary(ffmpegPath, bundledBinary()),
      // Decoding takes at most a hundredth of the playing time in every usual format.
      sandbox: new Sandbox(60 + maxSeconds / 10, searchPath),
      stallMs,
      processes: new Set(),
    };
    this.#semaphore = new Semaphore(concurrency);
    this.#maxSeconds = maxSeconds;
  }

  /** Recordings being decoded, and those that wait. */
  get stats(): { running: number; waiting: number } {
    return this.#semaphore.stats;
  }

  /**
   * Yields PCM, 16-bit little-endian, mono, 24 kHz, in chunks of whole samples. ffmpeg waits while the consumer does. Of a film it
   * decodes the audio track marked as default, else the first that can be decoded.
   *
   * @param recording must not change until the iteration ends. Leaving the loop ends the process.
   * @throws GatewayError `unsupported-media-type`, `undecodable-audio`, `empty-audio`, `audio-too-long`, `draining` or
   *   `internal`; `signal.reason` when aborted.
   */
  async *decode(recording: Recording, signal?: AbortSignal): AsyncGenerator<Buffer, void, void> {
    if (this.#closed) throw decoderClosed();
    const both = AbortSignal.any([this.#destroyed.signal, ...(signal === undefined ? [] : [signal])]);
    let settle: () => void = () => undefined;
    const running = new Promise<void>((resolve) => {
      settle = resolve;
    });
    this.#running.add(running);
    let release: () => void = () => undefined;
    try {
      release = await this.#enter(both);
      yield* this.#decodeParts(recording, both);
    } catch (error) {
      both.throwIfAborted();
      if (error instanceof GatewayError) throw error;
      throw unreadableRecording(error);
    } finally {
      release();
      this.#running.delete(running);
      settle();
    }
  }

  /** Rejects new work and waits until every iteration in progress has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#running);
  }

  /** Rejects new work, ends what is in progress with `error`, and waits until the processes have exited. */
  async destroy(error: Error = decoderClosed()): Promise<void> {
    this.#closed = true;
    this.#destroyed.abort(error);
    await Promise.all([...this.#runner.processes].map((process) => process.closed));
  }

  /** Waits for a free place. @returns a function that frees it. */
  #enter(signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const work = (): Promise<void> =>
        new Promise((release) => {
          resolve(release);
        });
      this.#semaphore.run(work, signal).catch(reject);
    });
  }

  async *#decodeParts(recording: Recording, signal: AbortSignal): AsyncGenerator<Buffer, void, void> {
    const parts = await inspect(
      recording,
      (seconds) => {
        if (seconds > this.#maxSeconds) throw audioTooLong(this.#maxSeconds, seconds);
      },
      'stream',
    );
    let bytes = 0;
    for (const part of parts) {
      try {
        for await (const pcm of part.kind === 'samples'
          ? [part.pcm]
          : this.#decodePart(part.source, signal)) {
          bytes += pcm.length;
          if (bytes > this.#maxSeconds * BYTES_PER_SECOND) throw audioTooLong(this.#maxSeconds);
          if (pcm.length > 0) yield pcm;
        }
      } catch (error) {
        // Of several recordings in one file some may be empty.
        if (!(error instanceof GatewayError && error.code === 'empty-audio')) throw error;
      }
    }
    if (bytes === 0) throw emptyAudio();
  }

  async *#decodePart(source: DecodeInput, signal: AbortSignal): AsyncGenerator<Buffer, void, void> {
    if (isNative(source.encoding)) {
      yield* alignChunks(source.read(), BYTES_PER_SAMPLE);
      return;
    }
    const track = await findDefaultTrack(this.#runner, source, signal);
    let failure: unknown;
    try {
      yield* this.#decodeTrack(source, track, signal);
      return;
    } catch (error) {
      if (!mayTryAnother(track, error)) throw error;
      failure = error;
    }
    try {
      yield* this.#decodeTrack(source, 'decodable', signal);
    } catch (error) {
      throw hasNoAudioStream(error) ? failure : error;
    }
  }

  async *#decodeTrack(
    source: DecodeInput,
    track: Track,
    signal: AbortSignal,
  ): AsyncGenerator<Buffer, void, void> {
    const { encoding } = source;
    const filters = audioFilters(encoding);
    const downmix = new WavDownmix();
    const output = [
      ...['-vn', ...(filters.length === 0 ? [] : ['-filter:a', filters.join(',')])],
      ...['-acodec', 'pcm_s16le', '-f', 'wav'],
      ...[...outputOptions(encoding, this.#maxSeconds * BYTES_PER_SECOND, track), 'pipe:1'],
    ];
    for await (const chunk of streamOutput(this.#runner, source, { output }, signal))
      yield downmix.push(chunk);
    yield downmix.end();
  }
}

/** Whether the samples have the service's format already. */
function isNative(encoding: Encoding): boolean {
  if (encoding.kind !== 'samples') return false;
  return encoding.format === 's16le' && encoding.channels === 1 && encoding.sampleRate === SAMPLE_RATE;
}

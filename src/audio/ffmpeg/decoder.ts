/** Decodes recordings with ffmpeg: limits the number of processes, uses waiting ones, and enforces the time limit. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { GatewayError } from '../../errors.js';
import { decoderClosed } from '../errors.js';
import { Sandbox, SHELL } from './sandbox.js';
import { inputOptions, isStreamable, type Encoding, type Track } from './arguments.js';
import { toDecodeError, isFfmpegMissing, hasNoAudioStream, FfmpegStartError } from './errors.js';
import { bundledBinary, chooseBinary, FfmpegProcess } from './ffmpeg.js';
import { openInputFile, type DecodeInput } from './input-file.js';
import { Semaphore } from '../../semaphore.js';
import type { StreamRunner } from './stream-output.js';
import { findDefaultTrack, mayTryAnother } from './tracks.js';
import { Resamplers } from './resamplers.js';
import { WarmProcesses } from './warm-processes.js';

/** Enough to resample some 500 hours of sound; then the kernel ends the resident process, and the next recording starts another. */
const MAX_RESIDENT_CPU_SECONDS = 600;

export interface DecoderOptions {
  /** The configured binary; absent: that of ffmpeg-static, else `ffmpeg` in `searchPath`. */
  readonly path?: string | undefined;
  /** Folders to search, as in PATH. */
  readonly searchPath?: string | undefined;
  /** Processes that decode at the same time. */
  readonly concurrency: number;
  /** Warm processes in addition to those that decode. */
  readonly spare: number;
  /** Time limit of one process, not counting the wait for a free slot or for a recording. */
  readonly timeoutMs: number;
}

export interface DecodedAudio {
  /** PCM, 16-bit little-endian, mono, 24 kHz. */
  readonly pcm: Buffer;
  /** Whether the recording is longer than the limit. */
  readonly truncated: boolean;
}

export class Decoder {
  readonly #binary: string;
  readonly #timeoutMs: number;
  readonly #sandbox: Sandbox;
  readonly #semaphore: Semaphore;
  readonly #warmProcesses: WarmProcesses<FfmpegProcess>;
  readonly #resamplers: Resamplers;
  /** Every decode that runs or waits, with what aborts it. */
  readonly #decodes = new Map<Promise<DecodedAudio>, AbortController>();
  readonly #outcomes = new Map<string, number>();
  readonly #runner: StreamRunner;
  #closed = false;
  /** The version that ffmpeg reported; cleared when ffmpeg turns out to be missing. */
  #version: string | undefined;
  #probing: Promise<string> | undefined;

  constructor(options: DecoderOptions) {
    this.#binary = chooseBinary(options.path, bundledBinary());
    this.#timeoutMs = options.timeoutMs;
    // One second more for the start, which is most of what a process costs.
    this.#sandbox = new Sandbox(options.timeoutMs / 1000 + 1, options.searchPath);
    this.#semaphore = new Semaphore(options.concurrency);
    this.#runner = {
      binary: this.#binary,
      sandbox: this.#sandbox,
      stallMs: options.timeoutMs,
      processes: new Set(),
    };
    this.#warmProcesses = new WarmProcesses(options.spare);
    this.#resamplers = new Resamplers({
      binary: this.#binary,
      sandbox: new Sandbox(MAX_RESIDENT_CPU_SECONDS, options.searchPath),
      semaphore: this.#semaphore,
      limit: options.spare === 0 ? 0 : options.concurrency + options.spare,
      timeoutMs: options.timeoutMs,
      onLost: () => {
        this.#count('resampler-lost');
      },
    });
  }

  /** Running processes, and decodes that wait for a free slot. */
  get stats(): { running: number; waiting: number } {
    return this.#semaphore.stats;
  }

  /**
   * Finished decodes by outcome: `decoded`, `cancelled`, or the code of the error. `resampler-lost` counts resident
   * processes that failed, after each of which a recording was decoded again.
   */
  get outcomes(): ReadonlyMap<string, number> {
    return this.#outcomes;
  }

  /**
   * Decodes the audio track that the container marks as default, else the first, else the first that this ffmpeg has a decoder
   * for. A container gets a process of its own; bare samples go through a resident one. Settles once the process has exited, or
   * is free again.
   *
   * @param maxBytes the limit above which samples are discarded.
   * @throws GatewayError `undecodable-audio` (damaged, or timed out), `unsupported-media-type` (no audio stream, or ffmpeg
   *   is missing), `draining` (closed), `internal` (no process could be started); `signal.reason` when aborted.
   */
  async decode(source: DecodeInput, maxBytes: number, signal?: AbortSignal): Promise<DecodedAudio> {
    signal?.throwIfAborted();
    if (this.#closed) throw decoderClosed();
    const abort = new AbortController();
    const onAbort = (): void => {
      abort.abort(signal?.reason);
    };
    signal?.addEventListener('abort', onAbort);
    const decoded = this.#decode(source, maxBytes, abort);
    this.#decodes.set(decoded, abort);
    try {
      const result = await decoded;
      this.#count('decoded');
      return result;
    } catch (error) {
      this.#count(error instanceof GatewayError ? error.code : 'cancelled');
      throw error;
    } finally {
      this.#decodes.delete(decoded);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Whether ffmpeg can be started; runs it again only if the last start failed. */
  async check(): Promise<{ ok: boolean; detail: string }> {
    try {
      this.#probing ??= this.#version === undefined ? this.#probe() : Promise.resolve(this.#version);
      this.#version = await this.#probing;
      return { ok: true, detail: this.#version };
    } catch {
      // The reason would not help the operator; the remedy does.
      return {
        ok: false,
        detail: 'ffmpeg cannot be started: install it (apt-get install ffmpeg) or set FFMPEG_PATH.',
      };
    } finally {
      this.#probing = undefined;
    }
  }

  /** Rejects new work and waits for what is in progress. */
  async close(): Promise<void> {
    this.#closed = true;
    const idle = [this.#warmProcesses.close(), this.#resamplers.close()];
    await Promise.all([...idle, Promise.allSettled(this.#decodes.keys())]);
    // The decodes that have just ended gave their processes back.
    await this.#resamplers.close();
  }

  /** Rejects new work, aborts what is in progress with `error`, and waits until the processes have exited. */
  async destroy(error: Error = decoderClosed()): Promise<void> {
    for (const abort of this.#decodes.values()) abort.abort(error);
    await this.close();
  }

  #count(outcome: string): void {
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
  }

  async #probe(): Promise<string> {
    const { stdout } = await this.#sandbox.start(this.#binary, ['-version'], ({ args, options }) =>
      promisify(execFile)(SHELL, args, { ...options, timeout: this.#timeoutMs, killSignal: 'SIGKILL' }),
    );
    return /^ffmpeg version \S+/.exec(stdout)?.[0] ?? 'ffmpeg';
  }

  async #decode(source: DecodeInput, maxBytes: number, abort: AbortController): Promise<DecodedAudio> {
    const { encoding } = source;
    if (encoding.kind === 'samples') {
      const pcm = await this.#resamplers.resample(encoding, source.read, maxBytes, abort.signal);
      if (pcm !== undefined) return { pcm, truncated: pcm.length > maxBytes };
    }
    return await this.#semaphore.run(() => this.#decodeInTime(source, maxBytes, abort), abort.signal);
  }

  async #decodeInTime(source: DecodeInput, maxBytes: number, abort: AbortController): Promise<DecodedAudio> {
    const timer = setTimeout(() => {
      abort.abort(
        new GatewayError(
          'undecodable-audio',
          `Decoding the recording took longer than ${this.#timeoutMs / 1000} s. Send a shorter one, or WAV.`,
        ),
      );
    }, this.#timeoutMs);
    try {
      const track = await findDefaultTrack(this.#runner, source, abort.signal);
      return await this.#runProcess(source, maxBytes, abort.signal, track).catch(async (error: unknown) => {
        if (!mayTryAnother(track, error)) throw error;
        return await this.#runProcess(source, maxBytes, abort.signal, 'decodable').catch(
          (second: unknown) => {
            throw hasNoAudioStream(second) ? error : second;
          },
        );
      });
    } finally {
      clearTimeout(timer);
    }
  }

  async #runProcess(
    source: DecodeInput,
    maxBytes: number,
    signal: AbortSignal,
    track: Track,
  ): Promise<DecodedAudio> {
    const { encoding, path, startsAt } = source;
    const isStream = isStreamable(encoding);
    const canWarm = canStartAhead(encoding, track);
    const warm = canWarm ? this.#warmProcesses.take(warmKey(encoding, maxBytes)) : undefined;
    if (warm !== undefined || path === undefined || (isStream && startsAt === undefined)) {
      const run = warm ?? this.#start(encoding, maxBytes, track);
      run.feed(source.read());
      if (canWarm) this.#warmNext(run, encoding, maxBytes);
      return await this.#finish(run, signal);
    }
    const file = await openInputFile(path, isStream ? startsAt : undefined, this.#sandbox.changesUser);
    try {
      signal.throwIfAborted();
      // The process inherits the open file and needs no permission to open one.
      const run = this.#start(encoding, maxBytes, track, file.fd);
      if (canWarm) this.#warmNext(run, encoding, maxBytes);
      return await this.#finish(run, signal);
    } finally {
      await file.close();
    }
  }

  async #finish(run: FfmpegProcess, signal: AbortSignal): Promise<DecodedAudio> {
    const kill = (): void => {
      run.kill();
    };
    signal.addEventListener('abort', kill);
    try {
      await run.finished;
    } catch (error) {
      signal.throwIfAborted();
      if (isFfmpegMissing(error)) this.#version = undefined;
      if (!run.truncated) throw run.inputError ?? toDecodeError(error);
    } finally {
      signal.removeEventListener('abort', kill);
    }
    signal.throwIfAborted();
    return { pcm: run.takePcm(), truncated: run.truncated };
  }

  #start(encoding: Encoding, maxBytes: number, track: Track, fd?: number): FfmpegProcess {
    return new FfmpegProcess(this.#binary, this.#sandbox, encoding, maxBytes, track, fd);
  }

  /** Starts a warm process like `run` after it, unless recordings are waiting: then the processors are busy anyway. */
  #warmNext(run: FfmpegProcess, encoding: Encoding, maxBytes: number): void {
    const start = (): void => {
      // Starting a process blocks for milliseconds, so the decoded samples are passed on first.
      setImmediate(() => {
        if (this.#semaphore.stats.waiting > 0) return;
        this.#warmProcesses.add(warmKey(encoding, maxBytes), () => this.#start(encoding, maxBytes, 'first'));
      });
    };
    run.finished.then(start, (error: unknown) => {
      if (!(error instanceof FfmpegStartError)) start();
    });
  }
}

/** Bare samples have resident processes, and a recording whose first stream cannot be decoded is rare. */
function canStartAhead(encoding: Encoding, track: Track): boolean {
  return encoding.kind === 'container' && isStreamable(encoding) && track === 'first';
}

/** Identifies recordings that the same warm process can decode. */
function warmKey(encoding: Encoding, maxBytes: number): string {
  return [...inputOptions(encoding), maxBytes].join(' ');
}

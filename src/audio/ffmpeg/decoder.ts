/** Decodes recordings: how many processes at a time, which of them, and when each has to end. */
import { execFile } from 'node:child_process';
import { open, type FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import { GatewayError } from '../../errors.js';
import { Sandbox, SHELL } from './sandbox.js';
import { inputOptions, isStreamable, type Encoding, type Track } from './arguments.js';
import {
  toDecodeError,
  isFfmpegMissing,
  hasNoAudioStream,
  isUnknownCodec,
  FfmpegStartError,
} from './errors.js';
import { bundledBinary, chooseBinary, FfmpegProcess } from './ffmpeg.js';
import { Semaphore } from '../../semaphore.js';
import { WarmProcesses } from './warm-processes.js';

export interface DecoderOptions {
  /** The configured binary; absent: that of ffmpeg-static, else `ffmpeg` in `searchPath`. */
  readonly path?: string | undefined;
  /** Folders as in PATH. */
  readonly searchPath?: string | undefined;
  /** Processes at work at the same time. */
  readonly concurrency: number;
  /** Processes that wait, started ahead, beside those at work. */
  readonly spare: number;
  /** How long one process may work; waiting for its turn, or for a recording, does not count. */
  readonly timeoutMs: number;
}

/** Where a decode takes its bytes from. */
export interface DecodeInput {
  readonly encoding: Encoding;
  /** The whole file; absent: the recording lies in memory, and can be read in order. */
  readonly path?: string | undefined;
  /** What to decode, in order: of a container the file, else its samples. */
  readonly read: () => AsyncIterable<Buffer>;
  /** Where in the file that begins, if all of it lies there up to the end; absent: it does not. */
  readonly startsAt?: number | undefined;
}

export interface DecodedAudio {
  /** PCM, 16-bit little-endian, mono, 24 kHz; at most as much as was asked for. */
  readonly pcm: Buffer;
  /** There was more. */
  readonly truncated: boolean;
}

export class Decoder {
  readonly #binary: string;
  readonly #timeoutMs: number;
  readonly #sandbox: Sandbox;
  readonly #semaphore: Semaphore;
  readonly #warmProcesses: WarmProcesses<FfmpegProcess>;
  /** Every decode that has not ended, and what ends it early. */
  readonly #jobs = new Map<Promise<DecodedAudio>, AbortController>();
  readonly #outcomes = new Map<string, number>();
  #closed = false;
  /** What ffmpeg called itself, unless it could not be started when it was last needed. */
  #version: string | undefined;
  #probing: Promise<string> | undefined;

  constructor(options: DecoderOptions) {
    this.#binary = chooseBinary(options.path, bundledBinary());
    this.#timeoutMs = options.timeoutMs;
    // A second for its start, which is most of what a process costs.
    this.#sandbox = new Sandbox(options.timeoutMs / 1000 + 1, options.searchPath);
    this.#semaphore = new Semaphore(options.concurrency);
    this.#warmProcesses = new WarmProcesses(options.spare);
  }

  /** Processes that run, and decodes that wait for their turn. */
  get stats(): { running: number; waiting: number } {
    return this.#semaphore.stats;
  }

  /** How many decodes ended in which way so far: `decoded`, `cancelled`, or the code of the error. */
  get outcomes(): ReadonlyMap<string, number> {
    return this.#outcomes;
  }

  /**
   * Decodes the first audio stream, or the first of a known codec, in a process of its own. Settles only when that process
   * is gone.
   *
   * @param maxBytes more samples than this are not collected.
   * @throws GatewayError `undecodable-audio` (damaged, or out of time), `unsupported-media-type` (no audio stream, or no
   *   ffmpeg here), `draining` (closed), `internal` (no process to be had); `signal.reason` when aborted.
   */
  async decode(source: DecodeInput, maxBytes: number, signal?: AbortSignal): Promise<DecodedAudio> {
    signal?.throwIfAborted();
    if (this.#closed) throw closingError();
    const job = new AbortController();
    const abort = (): void => {
      job.abort(signal?.reason);
    };
    signal?.addEventListener('abort', abort);
    const decoded = this.#semaphore.run(() => this.#decodeInTime(source, maxBytes, job), job.signal);
    this.#jobs.set(decoded, job);
    try {
      const result = await decoded;
      this.#count('decoded');
      return result;
    } catch (error) {
      this.#count(error instanceof GatewayError ? error.code : 'cancelled');
      throw error;
    } finally {
      this.#jobs.delete(decoded);
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Whether ffmpeg can be started; asks it again only if the last start did not succeed. */
  async check(): Promise<{ ok: boolean; detail: string }> {
    try {
      this.#probing ??= this.#version === undefined ? this.#probe() : Promise.resolve(this.#version);
      this.#version = await this.#probing;
      return { ok: true, detail: this.#version };
    } catch {
      // Why it could not be started is of no use to those who ask; what to do is.
      return {
        ok: false,
        detail: 'ffmpeg cannot be started: install it (apt-get install ffmpeg) or set FFMPEG_PATH.',
      };
    } finally {
      this.#probing = undefined;
    }
  }

  /** Takes no more work and waits for what there is. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#warmProcesses.close(), Promise.allSettled(this.#jobs.keys())]);
  }

  /** Takes no more work, ends what there is with `error`, and waits until the processes are gone. */
  async destroy(error: Error = closingError()): Promise<void> {
    for (const job of this.#jobs.values()) job.abort(error);
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

  async #decodeInTime(source: DecodeInput, maxBytes: number, job: AbortController): Promise<DecodedAudio> {
    const timer = setTimeout(() => {
      job.abort(
        new GatewayError(
          'undecodable-audio',
          `Decoding the recording took longer than ${this.#timeoutMs / 1000} s. Send a shorter one, or WAV.`,
        ),
      );
    }, this.#timeoutMs);
    try {
      return await this.#runProcess(source, maxBytes, job.signal, 'first').catch(async (error: unknown) => {
        if (!isUnknownCodec(error)) throw error;
        return await this.#runProcess(source, maxBytes, job.signal, 'decodable').catch((second: unknown) => {
          throw hasNoAudioStream(second) ? error : second;
        });
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
    const isInOrder = isStreamable(encoding);
    // Processes that were started ahead read the first track.
    const spare =
      isInOrder && track === 'first' ? this.#warmProcesses.take(warmKey(encoding, maxBytes)) : undefined;
    if (spare !== undefined || path === undefined || (isInOrder && startsAt === undefined))
      return await this.#finish(this.#feed(source, maxBytes, track, spare), signal);
    const file = await this.#openForProcess(path, isInOrder ? startsAt : undefined);
    try {
      signal.throwIfAborted();
      // It gets the open file, and needs no right to find one.
      const run = new FfmpegProcess(this.#binary, this.#sandbox, encoding, maxBytes, track, file.fd);
      if (isInOrder) this.#prepareNext(run, encoding, maxBytes, track);
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

  /** Hands on the recording piece by piece, to a process that was started ahead for such a one if there is one. */
  #feed(
    { encoding, read }: DecodeInput,
    maxBytes: number,
    track: Track,
    spare: FfmpegProcess | undefined,
  ): FfmpegProcess {
    const run = spare ?? this.#start(encoding, maxBytes, track);
    run.feed(read());
    this.#prepareNext(run, encoding, maxBytes, track);
    return run;
  }

  #start(encoding: Encoding, maxBytes: number, track: Track): FfmpegProcess {
    return new FfmpegProcess(this.#binary, this.#sandbox, encoding, maxBytes, track);
  }

  /** While recordings wait for their turn the processors are full: to start ahead would gain nothing. */
  #prepareNext(run: FfmpegProcess, encoding: Encoding, maxBytes: number, track: Track): void {
    // The next recording is not taken for one whose first stream is of no use.
    if (track !== 'first') return;
    const prepare = (): void => {
      // Not before what was decoded is on its way: to start a process holds us up for milliseconds.
      setImmediate(() => {
        if (this.#semaphore.stats.waiting > 0) return;
        this.#warmProcesses.add(
          warmKey(encoding, maxBytes),
          () => this.#start(encoding, maxBytes, track),
          true,
        );
      });
    };
    run.finished.then(prepare, (error: unknown) => {
      if (!(error instanceof FfmpegStartError)) prepare();
    });
  }

  /**
   * @param startsAt the process reads on from there; absent: so as to jump in it, it opens its standard input once more,
   * which it must be let as another user.
   */
  async #openForProcess(path: string, startsAt: number | undefined): Promise<FileHandle> {
    const file = await open(path);
    if (startsAt !== undefined) await file.read(Buffer.allocUnsafe(startsAt), 0, startsAt, null);
    else if (this.#sandbox.changesUser) await file.chmod(0o644);
    return file;
  }
}

/** What a process is started for. */
function warmKey(encoding: Encoding, maxBytes: number): string {
  return [...inputOptions(encoding), maxBytes].join(' ');
}

function closingError(): GatewayError {
  return new GatewayError('draining', 'The service is shutting down; try again in a moment.');
}

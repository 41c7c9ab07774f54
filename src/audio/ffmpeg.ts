/** ffmpeg: which binary, how many processes, how each is called and how each ends. Nothing else knows fluent-ffmpeg. */
import { execFile, type ChildProcess } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { Writable, type Readable } from 'node:stream';
import { promisify } from 'node:util';
import ffmpeg from 'fluent-ffmpeg';
import { GatewayError } from '../errors.js';
import { asGatewayError, isMissing, StartFailure } from './ffmpeg-fault.js';
import { Line } from './line.js';
import { BYTES_PER_SECOND, SAMPLE_RATE } from './pcm.js';
import type { Demuxer } from './sniff.js';
import type { SampleFormat } from './wav.js';

export interface FfmpegOptions {
  /** The configured binary; absent: that of ffmpeg-static, else `ffmpeg` on PATH. */
  readonly path?: string | undefined;
  /** Processes at the same time. */
  readonly concurrency: number;
  /** How long one process may live; waiting for its turn does not count. */
  readonly timeoutMs: number;
}

/** Where a decode takes its bytes from. */
export type Source =
  /** A file, which ffmpeg opens: the index of an MP4 may stand at its end. */
  | { readonly kind: 'file'; readonly path: string; readonly demuxer: Demuxer }
  /** Bare samples, frame after frame, through a pipe. */
  | {
      readonly kind: 'samples';
      readonly open: () => Readable;
      readonly format: SampleFormat;
      /** Frames per second. */
      readonly sampleRate: number;
      readonly channels: number;
    };

export interface Decoded {
  /** PCM, 16-bit little-endian, mono, 24 kHz; at most as much as was asked for. */
  readonly pcm: Buffer;
  /** There was more. */
  readonly cut: boolean;
}

export class Ffmpeg {
  readonly #binary: string;
  readonly #timeoutMs: number;
  readonly #line: Line;
  /** Every decode that has not ended, and what ends it early. */
  readonly #jobs = new Map<Promise<Decoded>, AbortController>();
  #closed = false;
  /** What ffmpeg called itself, unless it could not be started when it was last needed. */
  #version: string | undefined;
  #probing: Promise<string> | undefined;

  constructor(options: FfmpegOptions) {
    this.#binary = chooseBinary(options.path, bundledBinary());
    this.#timeoutMs = options.timeoutMs;
    this.#line = new Line(options.concurrency);
  }

  /** Processes that run, and decodes that wait for their turn. */
  get stats(): { running: number; waiting: number } {
    return this.#line.stats;
  }

  /**
   * Decodes the first audio stream in a process of its own. Settles only when that process is gone.
   *
   * @param maxBytes more samples than this are not collected.
   * @throws GatewayError `undecodable-audio` (damaged, or out of time), `unsupported-media-type` (no audio stream, or no
   *   ffmpeg here), `draining` (closed), `internal` (no process to be had); `signal.reason` when aborted.
   */
  async decode(source: Source, maxBytes: number, signal?: AbortSignal): Promise<Decoded> {
    signal?.throwIfAborted();
    if (this.#closed) throw closing();
    const job = new AbortController();
    const abort = (): void => {
      job.abort(signal?.reason);
    };
    signal?.addEventListener('abort', abort);
    const decoded = this.#line.run(() => this.#decodeInTime(source, maxBytes, job), job.signal);
    this.#jobs.set(decoded, job);
    try {
      return await decoded;
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
    await Promise.allSettled(this.#jobs.keys());
  }

  /** Takes no more work, ends what there is with `error`, and waits until the processes are gone. */
  async destroy(error: Error = closing()): Promise<void> {
    for (const job of this.#jobs.values()) job.abort(error);
    await this.close();
  }

  async #probe(): Promise<string> {
    const { stdout } = await promisify(execFile)(this.#binary, ['-version'], {
      timeout: this.#timeoutMs,
      killSignal: 'SIGKILL',
    });
    return /^ffmpeg version \S+/.exec(stdout)?.[0] ?? 'ffmpeg';
  }

  async #decodeInTime(source: Source, maxBytes: number, job: AbortController): Promise<Decoded> {
    const timer = setTimeout(() => {
      job.abort(
        new GatewayError(
          'undecodable-audio',
          `Decoding the recording took longer than ${this.#timeoutMs / 1000} s. Send a shorter one, or WAV.`,
        ),
      );
    }, this.#timeoutMs);
    try {
      return await this.#runProcess(source, maxBytes, job.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  async #runProcess(source: Source, maxBytes: number, signal: AbortSignal): Promise<Decoded> {
    // The prefix keeps a name with a colon, a percent sign or a leading dash what it is: a name.
    const input = source.kind === 'file' ? `file:${resolve(source.path)}` : source.open();
    const chunks: Buffer[] = [];
    let bytes = 0;
    const output = new Writable({
      // fluent-ffmpeg takes 'close' for a consumer that left: 20 ms later it would kill ffmpeg and report an error.
      emitClose: false,
      write: (chunk: Buffer, _encoding, done) => {
        bytes += chunk.length;
        if (bytes > maxBytes) run.kill();
        else chunks.push(chunk);
        done();
      },
    });
    const run = new Run(this.#binary, commandFor(source, input, maxBytes), output);
    const kill = (): void => {
      run.kill();
    };
    signal.addEventListener('abort', kill);
    try {
      await run.finished();
    } catch (error) {
      signal.throwIfAborted();
      if (isMissing(error)) this.#version = undefined;
      if (bytes <= maxBytes) throw asGatewayError(error);
    } finally {
      signal.removeEventListener('abort', kill);
      if (typeof input !== 'string') input.destroy();
    }
    signal.throwIfAborted();
    return { pcm: Buffer.concat(chunks), cut: bytes > maxBytes };
  }
}

/** Lines of ffmpeg's standard error as fluent-ffmpeg keeps them. */
interface Lines {
  get(): string;
}
const NO_LINES: Lines = { get: () => '' };
type OnSpawn = (child: ChildProcess, stdout: Lines, stderr: Lines) => void;
type OnEnd = (error: Error | null | undefined, stdout?: Lines, stderr?: Lines) => void;

declare module 'fluent-ffmpeg' {
  /** What lib/processor.js and lib/capabilities.js of 2.1.3, the last release, call on themselves in `run()`. */
  interface FfmpegCommand {
    _getArguments(): string[];
    _getFfmpegPath(done: (error: null, path: string) => void): void;
    _prepare(done: (error: null, args: string[]) => void): void;
    _spawnFfmpeg(args: string[], options: object, onSpawn: OnSpawn, onEnd: OnEnd): void;
  }
}

/** One ffmpeg process, through fluent-ffmpeg, three of whose habits a server cannot live with are corrected here. */
class Run {
  readonly #command: ffmpeg.FfmpegCommand;
  readonly #output: Writable;
  #child: ChildProcess | undefined;

  constructor(binary: string, command: ffmpeg.FfmpegCommand, output: Writable) {
    command.output(output);
    // It would run `ffmpeg -formats` and `ffmpeg -encoders` before the first command; both are known to be there.
    command._prepare = (done) => {
      done(null, command._getArguments());
    };
    // It knows one binary for the whole process, the one last set.
    command._getFfmpegPath = (done) => {
      done(null, binary);
    };
    // When no process can be had (ENOENT, EAGAIN, EMFILE) it throws where nobody can catch it.
    const spawn = command._spawnFfmpeg.bind(command);
    command._spawnFfmpeg = (args, options, onSpawn, onEnd) => {
      const keepChild: OnSpawn = (child, stdout, stderr) => {
        this.#child = child;
        onSpawn(child, stdout, stderr);
      };
      try {
        spawn(args, options, keepChild, (error, stdout, stderr) => {
          if (stdout !== undefined && stderr !== undefined) onEnd(error, stdout, stderr);
          else onEnd(new StartFailure(error), NO_LINES, NO_LINES);
        });
      } catch (error) {
        onEnd(new StartFailure(error), NO_LINES, NO_LINES);
      }
    };
    this.#command = command;
    this.#output = output;
  }

  /**
   * Starts the process; settles once it is gone and all it wrote has been taken.
   * Rejects with a StartFailure, or with the last that it wrote to standard error.
   */
  finished(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#command.on('error', (error, _stdout, stderr) => {
        if (error instanceof StartFailure || stderr === null || stderr === '') reject(error);
        else reject(new Error(stderr.slice(-2000), { cause: error }));
      });
      this.#command.on('end', () => {
        // 'end' is the process's exit: the last of its output may still be on the way.
        if (this.#output.writableFinished) resolve();
        else this.#output.once('finish', resolve);
      });
      this.#command.run();
    });
  }

  /** Ends the process at once, and no longer listens: should it have children, they cannot keep us waiting. */
  kill(): void {
    this.#child?.kill('SIGKILL');
    this.#child?.stdout?.unpipe(this.#output).destroy();
    this.#child?.stderr?.destroy();
    this.#output.end();
  }
}

function commandFor(source: Source, input: string | Readable, maxBytes: number): ffmpeg.FfmpegCommand {
  return (
    ffmpeg({ stdoutLines: 20 })
      .input(input)
      .inputOptions('-nostdin', '-hide_banner', '-loglevel', 'error')
      .inputOptions('-max_alloc', String(MAX_ALLOCATION_BYTES))
      .inputOptions(...formatOptions(source))
      .noVideo()
      .outputOptions('-sn', '-dn', '-map', '0:a:0')
      .audioFilters(downmix(source))
      .audioChannels(1)
      .audioFrequency(SAMPLE_RATE)
      .format('s16le')
      // A limit by size counts samples; one by time (-t) would cut a short recording that has a long pause in its
      // timestamps. A second more than asked for, so that "too long" and "just as long" stay apart.
      .outputOptions('-fs', String(maxBytes + BYTES_PER_SECOND))
  );
}

/** The one format that the input may have, and the one way in which it may be read. */
function formatOptions(source: Source): string[] {
  if (source.kind === 'samples') {
    const { format, sampleRate, channels } = source;
    const only = ['-format_whitelist', format, '-protocol_whitelist', 'pipe'];
    return ['-f', format, '-ar', String(sampleRate), '-ac', String(channels), ...only];
  }
  const { demuxer } = source;
  // An MP4 may keep its samples in other files, which it names. Not here.
  const noReferences = demuxer === 'mov' ? ['-enable_drefs', '0', '-use_absolute_path', '0'] : [];
  return ['-f', demuxer, ...noReferences, '-format_whitelist', demuxer, '-protocol_whitelist', 'file'];
}

/** No single table of a file needs more; the index of a crafted MP4 of 1 kB can claim gigabytes. */
const MAX_ALLOCATION_BYTES = 128 * 1024 * 1024;

/**
 * ffmpeg's own way to mono scales so that nothing clips, but drops the channel that it takes for a subwoofer (of three
 * nameless channels the third), and gives up on layouts it has no name for: those are averaged. No filter takes more
 * than 64 channels.
 */
function downmix(source: Source): string[] {
  const channels = source.kind === 'samples' ? source.channels : 1;
  if (channels <= 8 || channels > 64) return ['aresample=lfe_mix_level=1'];
  const sum = Array.from({ length: channels }, (_, index) => `c${index}`).join('+');
  return ['aformat=sample_fmts=flt', `pan=mono|c0<${sum}`];
}

/** @returns the configured binary, whether it exists or not; else the bundled one if it does; else what PATH has. */
export function chooseBinary(configured: string | undefined, bundled: unknown): string {
  if (configured !== undefined) return configured;
  if (typeof bundled === 'string' && isExecutable(bundled)) return bundled;
  return 'ffmpeg';
}

/** What ffmpeg-static exports: a path (the download of the binary may have failed) or null (no binary for this platform). */
function bundledBinary(): unknown {
  try {
    return createRequire(import.meta.url)('ffmpeg-static');
  } catch {
    return undefined; // It is an optional dependency.
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function closing(): GatewayError {
  return new GatewayError('draining', 'The service is shutting down; try again in a moment.');
}

/** One ffmpeg process: its binary, its start and its end. The only file that imports fluent-ffmpeg and ffmpeg-static. */
import type { ChildProcess } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { Readable, Writable } from 'node:stream';
import ffmpeg from 'fluent-ffmpeg';
import { SHELL, lowerPriority, type Sandbox } from './sandbox.js';
import {
  audioFilters,
  inputOptions,
  inputUrl,
  outputOptions,
  type Encoding,
  type Track,
} from './arguments.js';
import { PcmCollector } from '../mixing/pcm-collector.js';
import { FfmpegStartError } from './errors.js';

/** A buffer of output lines as fluent-ffmpeg keeps it. */
interface Lines {
  get(): string;
}
const NO_LINES: Lines = { get: () => '' };
type OnSpawn = (child: ChildProcess, stdout: Lines, stderr: Lines) => void;
type OnEnd = (error: Error | null | undefined, stdout?: Lines, stderr?: Lines) => void;

declare module 'fluent-ffmpeg' {
  /** Internal methods of lib/processor.js and lib/capabilities.js in 2.1.3, the last release, that `run()` calls. */
  interface FfmpegCommand {
    _getArguments(): string[];
    _getFfmpegPath(done: (error: null, path: string) => void): void;
    _prepare(done: (error: null, args: string[]) => void): void;
    _spawnFfmpeg(args: string[], options: object, onSpawn: OnSpawn, onEnd: OnEnd): void;
  }
}

/** One ffmpeg process, started through fluent-ffmpeg with three of its behaviours corrected (`#patchSpawn`). */
export class FfmpegProcess {
  /**
   * Settles once the process has exited and all its output has been collected.
   * Rejects with an FfmpegStartError, or with the end of its standard error.
   */
  readonly finished: Promise<void>;
  /** The error of reading the recording, if that failed. */
  inputError: Error | undefined;
  readonly #maxBytes: number;
  readonly #output: Writable;
  readonly #collector = new PcmCollector();
  #feed: (recording: AsyncIterable<Buffer>) => void = () => undefined;
  #child: ChildProcess | undefined;

  /**
   * Starts the process.
   *
   * @param fd the open recording; absent: the process waits for `feed`.
   */
  constructor(
    binary: string,
    sandbox: Sandbox,
    encoding: Encoding,
    maxBytes: number,
    track: Track,
    fd?: number,
  ) {
    this.#maxBytes = maxBytes;
    this.#output = new Writable({
      // fluent-ffmpeg treats 'close' as a consumer that left: 20 ms later it would kill ffmpeg and report an error.
      emitClose: false,
      write: (chunk: Buffer, _encoding, done) => {
        this.#collect(chunk);
        done();
      },
    });
    const input = fd === undefined ? this.#createInput() : inputUrl(encoding);
    const command = commandFor(encoding, input, this.#output, maxBytes, track);
    this.#patchSpawn(command, binary, sandbox, fd);
    this.finished = this.#run(command, input);
  }

  /** Whether the output exceeded the limit. */
  get truncated(): boolean {
    return this.#collector.bytes > this.#maxBytes;
  }

  /** Streams the recording to the process. */
  feed(recording: AsyncIterable<Buffer>): void {
    this.#feed(recording);
  }

  /** @returns the collected samples as one buffer, and releases it. */
  takePcm(): Buffer {
    return this.#collector.take();
  }

  /** Kills the process and stops reading its output, so that children it may have cannot delay `finished`. */
  kill(): void {
    this.#child?.kill('SIGKILL');
    this.#child?.stdout?.unpipe(this.#output).destroy();
    this.#child?.stderr?.destroy();
    this.#output.end();
  }

  #collect(chunk: Buffer): void {
    if (!this.truncated) this.#collector.push(chunk);
    if (this.truncated) this.kill();
  }

  #createInput(): Readable {
    const fed = new Promise<AsyncIterable<Buffer>>((resolve) => {
      this.#feed = resolve;
    });
    const read = async function* (run: FfmpegProcess): AsyncGenerator<Buffer> {
      try {
        yield* await fed;
      } catch (error) {
        run.inputError = new Error('the recording could not be read', { cause: error });
        run.kill();
      }
    };
    return Readable.from(read(this), { objectMode: false });
  }

  #patchSpawn(command: ffmpeg.FfmpegCommand, binary: string, sandbox: Sandbox, fd: number | undefined): void {
    // It would run `ffmpeg -formats` and `ffmpeg -encoders` before the first command; the formats used always exist.
    command._prepare = (done) => {
      done(null, command._getArguments());
    };
    // It caches one binary for the whole process, the one last set.
    command._getFfmpegPath = (done) => {
      done(null, SHELL);
    };
    // When spawning fails (ENOENT, EAGAIN, EMFILE) it throws where the caller cannot catch it.
    const spawn = command._spawnFfmpeg.bind(command);
    command._spawnFfmpeg = (args, options, onSpawn, onEnd) => {
      const keepChild: OnSpawn = (child, stdout, stderr) => {
        this.#child = child;
        if (child.pid !== undefined) lowerPriority(child.pid);
        onSpawn(child, stdout, stderr);
      };
      const end: OnEnd = (error, stdout, stderr) => {
        if (stdout !== undefined && stderr !== undefined) onEnd(error, stdout, stderr);
        else onEnd(new FfmpegStartError(error), NO_LINES, NO_LINES);
      };
      try {
        sandbox.start(binary, args, (sandboxed) => {
          const stdio = [fd ?? 'pipe', 'pipe', 'pipe'];
          spawn([...sandboxed.args], { ...options, ...sandboxed.options, stdio }, keepChild, end);
        });
      } catch (error) {
        onEnd(error instanceof FfmpegStartError ? error : new FfmpegStartError(error), NO_LINES, NO_LINES);
      }
    };
  }

  #run(command: ffmpeg.FfmpegCommand, input: string | Readable): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      command.on('error', (error, _stdout, stderr) => {
        if (error instanceof FfmpegStartError) reject(error);
        else if (isShellStartFailure(error)) reject(new FfmpegStartError({ code: 'EACCES' }));
        else if (stderr === null || stderr === '') reject(error);
        else reject(new Error(stderr.slice(-2000), { cause: error }));
      });
      command.on('end', () => {
        // 'end' is the exit of the process: the last of its output may still be buffered.
        if (this.#output.writableFinished) resolve();
        else this.#output.once('finish', resolve);
      });
      command.run();
    }).finally(() => {
      if (typeof input === 'string') return;
      this.#feed(emptyInput());
      input.destroy();
    });
  }
}

/** Exit codes with which a shell reports that it could not start the program. */
function isShellStartFailure(error: Error): boolean {
  return /exited with code 12[67]\b/.test(error.message);
}

async function* emptyInput(): AsyncGenerator<Buffer> {
  // Ends an input that was never fed.
}

function commandFor(
  encoding: Encoding,
  input: string | Readable,
  output: Writable,
  maxBytes: number,
  track: Track,
): ffmpeg.FfmpegCommand {
  return ffmpeg({ stdoutLines: 20 })
    .input(input)
    .inputOptions(inputOptions(encoding))
    .noVideo()
    .audioFilters(audioFilters(encoding))
    .audioCodec('pcm_s16le')
    .format('wav')
    .outputOptions(outputOptions(encoding, maxBytes, track))
    .output(output);
}

/** @returns the configured binary, whether it exists or not; else the bundled one if it exists; else the one in PATH. */
export function chooseBinary(configured: string | undefined, bundled: unknown): string {
  if (configured !== undefined) return configured;
  if (typeof bundled === 'string' && isExecutable(bundled)) return bundled;
  return 'ffmpeg';
}

/** The export of ffmpeg-static: a path (the download of the binary may have failed) or null (no binary for this platform). */
export function bundledBinary(): unknown {
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

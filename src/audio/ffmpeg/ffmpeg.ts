/** One ffmpeg process: which binary, how it is called and how it ends. Nothing else knows fluent-ffmpeg and ffmpeg-static. */
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
export class FfmpegProcess {
  /**
   * Settles once the process is gone and all it wrote has been taken.
   * Rejects with a StartFailure, or with the last that it wrote to standard error.
   */
  readonly finished: Promise<void>;
  /** What went wrong with reading the recording, if anything did. */
  inputError: Error | undefined;
  readonly #maxBytes: number;
  readonly #output: Writable;
  readonly #collector = new PcmCollector();
  #feed: (recording: AsyncIterable<Buffer>) => void = () => undefined;
  #child: ChildProcess | undefined;

  /**
   * Starts the process.
   *
   * @param track which track of a container is decoded.
   * @param file the open recording; absent: it is fed.
   */
  constructor(
    binary: string,
    sandbox: Sandbox,
    encoding: Encoding,
    maxBytes: number,
    track: Track,
    file?: number,
  ) {
    this.#maxBytes = maxBytes;
    this.#output = new Writable({
      // fluent-ffmpeg takes 'close' for a consumer that left: 20 ms later it would kill ffmpeg and report an error.
      emitClose: false,
      write: (chunk: Buffer, _encoding, done) => {
        this.#collect(chunk);
        done();
      },
    });
    const input = file === undefined ? this.#createInput() : inputUrl(encoding);
    const command = commandFor(encoding, input, this.#output, maxBytes, track);
    this.#patchSpawn(command, binary, sandbox, file);
    this.finished = this.#run(command, input);
  }

  /** There was more than is collected. */
  get truncated(): boolean {
    return this.#collector.bytes > this.#maxBytes;
  }

  /** Gives the process what it waits for. */
  feed(recording: AsyncIterable<Buffer>): void {
    this.#feed(recording);
  }

  /** @returns what was collected, in one piece, and keeps nothing of it. */
  takePcm(): Buffer {
    return this.#collector.take();
  }

  /** Ends the process at once, and no longer listens: should it have children, they cannot keep us waiting. */
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

  #patchSpawn(
    command: ffmpeg.FfmpegCommand,
    binary: string,
    sandbox: Sandbox,
    file: number | undefined,
  ): void {
    // It would run `ffmpeg -formats` and `ffmpeg -encoders` before the first command; both are known to be there.
    command._prepare = (done) => {
      done(null, command._getArguments());
    };
    // It knows one binary for the whole process, the one last set.
    command._getFfmpegPath = (done) => {
      done(null, SHELL);
    };
    // When no process can be had (ENOENT, EAGAIN, EMFILE) it throws where nobody can catch it.
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
        sandbox.start(binary, args, (how) => {
          const stdio = [file ?? 'pipe', 'pipe', 'pipe'];
          spawn([...how.args], { ...options, ...how.options, stdio }, keepChild, end);
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
        // 'end' is the process's exit: the last of its output may still be on the way.
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

/** How a shell says that it could not start the program. */
function isShellStartFailure(error: Error): boolean {
  return /exited with code 12[67]\b/.test(error.message);
}

async function* emptyInput(): AsyncGenerator<Buffer> {
  // Ends the wait of an input that was never fed.
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

/** @returns the configured binary, whether it exists or not; else the bundled one if it does; else what PATH has. */
export function chooseBinary(configured: string | undefined, bundled: unknown): string {
  if (configured !== undefined) return configured;
  if (typeof bundled === 'string' && isExecutable(bundled)) return bundled;
  return 'ffmpeg';
}

/** What ffmpeg-static exports: a path (the download of the binary may have failed) or null (no binary for this platform). */
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

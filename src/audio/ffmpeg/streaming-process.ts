/** One ffmpeg process whose output is read as it comes, no faster than it is wanted. */
import { spawn, type ChildProcess } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { FfmpegStartError } from './errors.js';
import { lowerPriority, SHELL, type Sandbox } from './sandbox.js';

const STDERR_BYTES = 16_384;
/** Exit codes with which a shell reports that it could not start the program. */
const SHELL_FAILURES: ReadonlySet<number | null> = new Set([126, 127]);

export interface StreamingInput {
  /** The open recording that the process inherits as its standard input; absent: `read` is streamed to it. */
  readonly fd?: number | undefined;
  readonly read?: (() => AsyncIterable<Buffer>) | undefined;
  /** How much of the end of the standard error is kept; absent: 16 kB. */
  readonly stderrBytes?: number | undefined;
}

export class StreamingProcess {
  /** Resolves with the exit code when the process has exited and its pipes are closed; rejects if it could not be started. */
  readonly #exited: Promise<number | null>;
  readonly #fed: Promise<void>;
  readonly #child: ChildProcess;
  readonly stdout: Readable;
  #stderr = '';
  #inputError: unknown;

  /** @throws FfmpegStartError when there is no such program. */
  constructor(binary: string, sandbox: Sandbox, args: readonly string[], input: StreamingInput) {
    this.#child = sandbox.start(binary, args, (command) =>
      spawn(SHELL, [...command.args], {
        ...command.options,
        stdio: [input.fd ?? 'pipe', 'pipe', 'pipe'],
      }),
    );
    const { stdout, stderr } = this.#child;
    const { stderrBytes = STDERR_BYTES } = input;
    if (stdout === null || stderr === null) throw new TypeError('The process has no pipes.');
    this.stdout = stdout;
    if (this.#child.pid !== undefined) lowerPriority(this.#child.pid);
    this.#exited = new Promise((resolve, reject) => {
      this.#child.once('error', (error) => {
        reject(new FfmpegStartError(error));
      });
      this.#child.once('close', (code) => {
        if (SHELL_FAILURES.has(code)) reject(new FfmpegStartError({ code: 'EACCES' }));
        else resolve(code);
      });
    });
    // `finish` reports it; a process that nobody waits for any more must not crash the service.
    this.#exited.catch(() => undefined);
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-stderrBytes);
    });
    this.#fed = this.#feed(input);
  }

  /** Resolves when the process has exited and nothing reads the recording any more. */
  get closed(): Promise<void> {
    return Promise.allSettled([this.#exited, this.#fed]).then(() => undefined);
  }

  /** Ends the process and its pipes; what has been read stays. */
  kill(): void {
    this.#child.kill('SIGKILL');
    this.#child.stdin?.destroy();
    this.stdout.destroy();
    this.#child.stderr?.destroy();
  }

  /**
   * Waits until the process has exited and nothing reads the recording any more.
   *
   * @throws FfmpegStartError, or an Error with the end of the standard error when the process failed.
   */
  async finish(): Promise<void> {
    const code = await this.#exited;
    await this.#fed;
    if (this.#inputError !== undefined)
      throw new Error('the recording could not be read', { cause: this.#inputError });
    if (code !== 0) throw new Error(this.#stderr || 'ffmpeg was ended by a signal');
  }

  /** Never rejects. A process that has read enough closes its input, which is not a failure. */
  async #feed({ read }: StreamingInput): Promise<void> {
    const { stdin } = this.#child;
    if (stdin === null || read === undefined) return;
    let readError: unknown;
    const chunks = async function* (): AsyncGenerator<Buffer> {
      try {
        yield* read();
      } catch (error) {
        readError = error;
        throw error;
      }
    };
    await pipeline(Readable.from(chunks(), { objectMode: false }), stdin).catch(() => {
      if (readError === undefined) return;
      this.#inputError = readError;
      this.kill();
    });
  }
}

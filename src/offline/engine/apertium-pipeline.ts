/** One running Apertium pipeline: it has its dictionaries loaded and processes pieces one after the other. */
import { StringDecoder } from 'node:string_decoder';
import { drainStderr, killPipeline, startPipeline } from './process.js';

/** The pipeline has ended or was killed; the piece can be retried on a new one. */
export class PipelineLostError extends Error {
  override readonly name = 'PipelineLost';
}

interface PendingPiece {
  /** Sent after the piece as an empty blank with a number, so that outputs can never be mixed up. */
  readonly mark: string;
  answer: string;
  readonly resolve: (answer: string) => void;
  readonly reject: (error: Error) => void;
}

export interface ApertiumPipelineOptions {
  /** Its programs flush at every NUL. */
  readonly script: string;
  readonly path: string | undefined;
  /** For one piece; a pipeline that takes longer hangs. */
  readonly timeoutMs: number;
}

export class ApertiumPipeline {
  readonly #child;
  readonly #timeoutMs: number;
  readonly #pending: PendingPiece[] = [];
  readonly #ended: Promise<void>;
  #lost: PipelineLostError | undefined;
  #timer: NodeJS.Timeout | undefined;
  #count = 0;

  constructor({ script, path, timeoutMs }: ApertiumPipelineOptions) {
    this.#timeoutMs = timeoutMs;
    const child = startPipeline(script, [], path);
    this.#child = child;
    const stderr = drainStderr(child);
    const decoder = new StringDecoder('utf8');
    let rest = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const pieces = (rest + decoder.write(chunk)).split('\0');
      rest = pieces.pop() ?? '';
      for (const piece of pieces) this.#onPiece(piece);
    });
    this.#ended = new Promise((resolve) => {
      const end = (): void => {
        this.#fail(`A pipeline exited unexpectedly. ${stderr()}`);
        resolve();
      };
      child.once('error', end).once('close', end);
    });
    // If only the shell was killed, its programs are still running.
    child.once('exit', () => {
      killPipeline(child);
    });
  }

  /** False once it has ended or is being killed. */
  get usable(): boolean {
    return this.#lost === undefined;
  }

  get busy(): boolean {
    return this.#pending.length > 0;
  }

  /**
   * @param piece in stream format, without NUL
   * @throws PipelineLost
   */
  send(piece: string): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#lost) {
        reject(this.#lost);
        return;
      }
      this.#count += 1;
      const mark = `[#${this.#count}]`;
      this.#pending.push({ mark, answer: '', resolve, reject });
      if (this.#pending.length === 1) this.#restartTimer();
      this.#child.stdin.write(`${piece}\0${mark}\0`);
    });
  }

  /** Kills the pipeline and resolves when all its processes have exited. */
  async close(): Promise<void> {
    this.#fail('The pipeline was closed.');
    killPipeline(this.#child);
    await this.#ended;
  }

  #onPiece(piece: string): void {
    const waiter = this.#pending[0];
    if (waiter === undefined) return;
    if (piece !== waiter.mark) {
      waiter.answer += piece;
      return;
    }
    this.#pending.shift();
    this.#restartTimer();
    waiter.resolve(waiter.answer);
  }

  #fail(why: string): void {
    if (this.#lost) return;
    this.#lost = new PipelineLostError(why);
    clearTimeout(this.#timer);
    for (const { reject } of this.#pending.splice(0)) reject(this.#lost);
  }

  /** The first pending piece has its whole time from now on. */
  #restartTimer(): void {
    clearTimeout(this.#timer);
    if (!this.busy) return;
    this.#timer = setTimeout(() => {
      this.#fail(`A pipeline did not answer within ${this.#timeoutMs} ms.`);
      killPipeline(this.#child);
    }, this.#timeoutMs);
  }
}

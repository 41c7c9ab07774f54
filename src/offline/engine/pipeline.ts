/** One Apertium pipeline that stays: it has its dictionaries loaded and answers one piece after the other. */
import { StringDecoder } from 'node:string_decoder';
import { drainComplaints, killPipeline, startPipeline } from './process.js';

/** It has ended, or had to be: the piece may be tried on a fresh one. */
export class PipelineLost extends Error {
  override readonly name = 'PipelineLost';
}

interface Waiter {
  /** Sent behind the piece as an empty blank with a number, so that an answer can never be taken for another's. */
  readonly mark: string;
  answer: string;
  readonly resolve: (answer: string) => void;
  readonly reject: (error: Error) => void;
}

export interface PipelineOptions {
  /** Its programs flush at every NUL. */
  readonly script: string;
  readonly path: string | undefined;
  /** For one piece; a pipeline that takes longer is stuck. */
  readonly timeoutMs: number;
}

export class Pipeline {
  readonly #child;
  readonly #timeoutMs: number;
  readonly #waiters: Waiter[] = [];
  readonly #ended: Promise<void>;
  #lost: PipelineLost | undefined;
  #timer: NodeJS.Timeout | undefined;
  #count = 0;

  constructor({ script, path, timeoutMs }: PipelineOptions) {
    this.#timeoutMs = timeoutMs;
    const child = startPipeline(script, [], path);
    this.#child = child;
    const complaints = drainComplaints(child);
    const decoder = new StringDecoder('utf8');
    let rest = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const pieces = (rest + decoder.write(chunk)).split('\0');
      rest = pieces.pop() ?? '';
      for (const piece of pieces) this.#take(piece);
    });
    this.#ended = new Promise((resolve) => {
      const end = (): void => {
        this.#lose(`A pipeline ended by itself. ${complaints()}`);
        resolve();
      };
      child.once('error', end).once('close', end);
    });
    // Where the shell alone was ended, its programs are still there.
    child.once('exit', () => {
      killPipeline(child);
    });
  }

  /** False once it has ended or is being ended. */
  get usable(): boolean {
    return this.#lost === undefined;
  }

  get busy(): boolean {
    return this.#waiters.length > 0;
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
      this.#waiters.push({ mark, answer: '', resolve, reject });
      if (this.#waiters.length === 1) this.#watch();
      this.#child.stdin.write(`${piece}\0${mark}\0`);
    });
  }

  /** Ends it, whatever it is doing, and resolves when none of its processes is left. */
  async close(): Promise<void> {
    this.#lose('The pipeline was closed.');
    killPipeline(this.#child);
    await this.#ended;
  }

  #take(piece: string): void {
    const waiter = this.#waiters[0];
    if (waiter === undefined) return;
    if (piece !== waiter.mark) {
      waiter.answer += piece;
      return;
    }
    this.#waiters.shift();
    this.#watch();
    waiter.resolve(waiter.answer);
  }

  #lose(why: string): void {
    if (this.#lost) return;
    this.#lost = new PipelineLost(why);
    clearTimeout(this.#timer);
    for (const { reject } of this.#waiters.splice(0)) reject(this.#lost);
  }

  /** The first in the line has its whole time from now on. */
  #watch(): void {
    clearTimeout(this.#timer);
    if (!this.busy) return;
    this.#timer = setTimeout(() => {
      this.#lose(`A pipeline gave no answer within ${this.#timeoutMs} ms.`);
      killPipeline(this.#child);
    }, this.#timeoutMs);
  }
}

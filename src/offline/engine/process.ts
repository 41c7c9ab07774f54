/** External programs: shell pipelines, each in a process group of its own, bounded in number and time. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { Semaphore } from '../../semaphore.js';

/** How much of what a program complains about is kept for the log. */
const MAX_STDERR_BYTES = 2_000;

/**
 * Starts a pipeline. It is read from and written to through real pipes inside the shell, for Node gives its children
 * sockets, which `/dev/stdin` and `/dev/stdout` cannot open. When this process dies, the pipeline's input ends and with it
 * the pipeline.
 * @param script takes `args` as `$1`, `$2`…, never as part of its text
 * @param path where programs are looked for; this process's own PATH if absent
 */
export function startPipeline(
  script: string,
  args: readonly string[],
  path: string | undefined,
): ChildProcessWithoutNullStreams {
  const child = spawn('/bin/sh', ['-c', `export LC_ALL=C.UTF-8; ${script}`, 'sh', ...args], {
    detached: true,
    stdio: 'pipe',
    ...(path !== undefined && { env: { PATH: path } }),
  });
  // A program that ends before it has read everything breaks the pipe; how it ended is told by `close`.
  child.stdin.on('error', () => undefined);
  return child;
}

/** Ends the shell and everything in its pipeline, at once. Without effect when all of it has ended. */
export function killPipeline({ pid }: ChildProcessWithoutNullStreams): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // ESRCH: nothing of it is left.
  }
}

/** Reads the error output, which would otherwise fill up and stall the program. @returns its beginning, so far */
export function drainStderr(child: ChildProcessWithoutNullStreams): () => string {
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk.slice(0, MAX_STDERR_BYTES - text.length);
  });
  return () => text.trim();
}

export interface ProgramRun {
  readonly script: string;
  readonly args?: readonly string[];
  readonly input?: Buffer;
  readonly timeoutMs: number;
}

/** Programs that run to their end, so many at a time. */
export class ProgramRunner {
  readonly #semaphore: Semaphore;
  readonly #path: string | undefined;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<Buffer>>();

  constructor(concurrency: number, path: string | undefined) {
    this.#semaphore = new Semaphore(concurrency);
    this.#path = path;
  }

  /**
   * What the program writes. Settles only when no process of it is left.
   * @throws Error when it fails or takes too long; `signal.reason` when aborted
   */
  run(program: ProgramRun, signal: AbortSignal): Promise<Buffer> {
    const either = AbortSignal.any([signal, this.#closing.signal]);
    const run = this.#semaphore.run(() => runToEnd(program, this.#path, either), either);
    this.#running.add(run);
    const forget = (): void => {
      this.#running.delete(run);
    };
    run.then(forget, forget);
    return run;
  }

  /** Ends all that run or wait. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('The speech engine is closed.'));
    await Promise.allSettled(this.#running);
  }
}

async function runToEnd(
  { script, args = [], input, timeoutMs }: ProgramRun,
  path: string | undefined,
  signal: AbortSignal,
): Promise<Buffer> {
  const child = startPipeline(script, args, path);
  const complaints = drainStderr(child);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const deadline = AbortSignal.timeout(timeoutMs);
  const stop = AbortSignal.any([signal, deadline]);
  const kill = (): void => {
    killPipeline(child);
  };
  stop.addEventListener('abort', kill);
  try {
    child.stdin.end(input);
    await once(child, 'close');
  } finally {
    stop.removeEventListener('abort', kill);
  }
  signal.throwIfAborted();
  if (deadline.aborted) throw new Error(`A program took longer than ${timeoutMs} ms: ${script}`);
  if (child.exitCode !== 0)
    throw new Error(`A program failed (${child.exitCode}): ${script}\n${complaints()}`);
  return Buffer.concat(chunks);
}

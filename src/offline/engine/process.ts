/** External programs: shell pipelines, each in a process group of its own, bounded in number and time. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { Semaphore } from '../../semaphore.js';

/** The part of a program's standard error that is kept for the log. */
const MAX_STDERR_BYTES = 2_000;

/**
 * Starts a shell pipeline. Scripts put real pipes at both ends (`cat |`), because Node gives its children sockets, which
 * `/dev/stdin` and `/dev/stdout` cannot open. When this process dies, the pipeline's input ends, and so does the pipeline.
 * @param script receives `args` as `$1`, `$2`…, never as part of its text
 * @param path where to search for programs; the PATH of this process if absent
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
  // A program that exits before it has read everything breaks the pipe; `close` reports how it exited.
  child.stdin.on('error', () => undefined);
  return child;
}

/** Kills the shell and its whole pipeline. No effect when all of it has exited. */
export function killPipeline({ pid }: ChildProcessWithoutNullStreams): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // ESRCH: nothing of it is left.
  }
}

/** Reads standard error, whose full pipe would stall the program. @returns the start of what has been read so far */
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

/** Runs programs to completion, a limited number at a time. */
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
   * Returns the output of the program. Settles only when all its processes have exited.
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

  /** Aborts all running and waiting programs. */
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
  const stderr = drainStderr(child);
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
  if (child.exitCode !== 0) throw new Error(`A program failed (${child.exitCode}): ${script}\n${stderr()}`);
  return Buffer.concat(chunks);
}

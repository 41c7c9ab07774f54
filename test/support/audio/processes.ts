/** The child processes of this process, and scripts around ffmpeg that record or slow down its runs. */
import { execFile } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Process ids of the children of this process that are alive (a zombie, not yet reaped, counts). */
export async function children(): Promise<number[]> {
  const found: number[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const parent = await parentOf(Number(entry));
    if (parent === process.pid) found.push(Number(entry));
  }
  return found;
}

async function parentOf(pid: number): Promise<number | undefined> {
  try {
    // The name, in brackets, may hold anything; state and parent follow its last bracket.
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined; // The process has exited meanwhile.
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Polls a condition; rejects if it does not become true in time. */
export async function until(condition: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not true within ${withinMs} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A named pipe that the scripts below write to: in the sandbox they cannot write files. */
export class Notes {
  readonly path: string;
  readonly #pipe: number;
  #text = '';

  private constructor(path: string) {
    this.path = path;
    // Open for both, so that neither side ever waits for the other.
    this.#pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  }

  static async open(path: string): Promise<Notes> {
    // Writable by whichever user the scripts run as.
    await promisify(execFile)('mkfifo', ['-m', '666', path]);
    return new Notes(path);
  }

  /** All lines so far. */
  lines(): string[] {
    const buffer = Buffer.alloc(65_536);
    for (;;) {
      try {
        this.#text += buffer.toString('utf8', 0, readSync(this.#pipe, buffer));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        return this.#text.split('\n').filter((line) => line !== '');
      }
    }
  }

  clear(): void {
    this.lines();
    this.#text = '';
  }

  close(): void {
    closeSync(this.#pipe);
  }
}

/** ffmpeg at the speed of the recording, so that tests find it running; writes its process id to `log`, the path of Notes. */
export function realTimeFfmpeg(log: string): string {
  return `#!/bin/sh\necho $$ > ${log}\nexec ffmpeg -re "$@"\n`;
}

/** The same; writes `+` to `log` when it begins and `-` when it has ended. */
export function accountedFfmpeg(log: string): string {
  return `#!/bin/sh\necho + > ${log}\nffmpeg -re "$@"\nstatus=$?\necho - > ${log}\nexit $status\n`;
}

/** The same with another process that keeps the pipes open after ffmpeg has exited; writes that process's id to `log`. */
export function accompaniedFfmpeg(log: string): string {
  return `#!/bin/sh\nsleep 600 &\necho $! > ${log}\nexec ffmpeg -re "$@"\n`;
}

/** ffmpeg that writes each start to `log`. */
export function countedFfmpeg(log: string): string {
  return `#!/bin/sh\necho $$ "$@" > ${log}\nexec ffmpeg "$@"\n`;
}

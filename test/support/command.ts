/** The command `realtime-translate` as a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

export interface CommandOutcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandCall {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  /** Absent: standard input is closed at once. */
  readonly stdin?: string | Buffer;
  /** A file descriptor; absent: a pipe that is read. */
  readonly stdout?: number | undefined;
}

/** A call under way: its output so far, and its end. */
export class RunningCommand {
  readonly child: ChildProcess;
  readonly ended: Promise<CommandOutcome>;
  stdout = '';
  stderr = '';

  constructor(args: readonly string[], { env = {}, cwd, stdin, stdout }: CommandCall) {
    this.child = spawn(process.execPath, ['--import', TSX, MAIN, ...args], {
      env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env },
      ...(cwd !== undefined && { cwd }),
      stdio: ['pipe', stdout ?? 'pipe', 'pipe'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (this.stdout += chunk));
    this.child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (this.stderr += chunk));
    // A command that does not read its input closes it.
    this.child.stdin?.on('error', () => undefined).end(stdin);
    this.ended = once(this.child, 'close').then(() => ({
      code: this.child.exitCode,
      stdout: this.stdout,
      stderr: this.stderr,
    }));
  }
}

/** Restricts an ffmpeg process: no environment, no folder of its own, no root privileges, and bounded resources. */
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { setPriority } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { FfmpegStartError } from './errors.js';

/** The arguments of `SHELL` and the options of `spawn` that start a program in the sandbox. */
export interface SandboxedCommand {
  readonly args: readonly string[];
  readonly options: {
    readonly env: Readonly<Record<string, string>>;
    readonly cwd: string;
    readonly uid?: number;
    readonly gid?: number;
  };
}

/** Sets the limits, for which Node has no API, then replaces itself by the program: one process, about a millisecond. */
export const SHELL = '/bin/sh';

/** Searched when no other path is configured. */
const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

/** Limit of a decoder's private memory; decoding takes about 50 MB, most of it tables of the libraries. */
const MAX_DATA_KB = 512 * 1024;

/** From 0 to 19; 5 gives a third of the share of a process at 0. */
const NICENESS = 5;

/** User and group `nobody` on every Linux. */
const NOBODY = 65_534;

export class Sandbox {
  readonly #limits: string;
  readonly #searchPath: string;
  #changesUser = process.getuid?.() === 0;

  /**
   * @param cpuSeconds processor time after which the kernel ends a process, even if the service has died.
   * @param searchPath folders in which to search for a program without a path, as in PATH.
   */
  constructor(cpuSeconds: number, searchPath: string = DEFAULT_PATH) {
    this.#limits = limits(cpuSeconds);
    this.#searchPath = searchPath;
  }

  /** Whether programs run as `nobody`, because the service runs as root. */
  get changesUser(): boolean {
    return this.#changesUser;
  }

  /**
   * Calls `start` with the sandboxed command for a program.
   *
   * @throws FfmpegStartError when there is no such program or no process can be started.
   */
  start<T>(program: string, args: readonly string[], start: (command: SandboxedCommand) => T): T {
    const path = this.find(program);
    const command = {
      args: ['-c', this.#limits, path, ...args],
      options: { env: {}, cwd: '/' },
    };
    if (this.#changesUser && isExecutableByOthers(path)) {
      try {
        return start({ ...command, options: { ...command.options, uid: NOBODY, gid: NOBODY } });
      } catch (error) {
        if (!isUserRefused(error)) throw new FfmpegStartError(error);
        this.#changesUser = false;
      }
    }
    try {
      return start(command);
    } catch (error) {
      throw new FfmpegStartError(error);
    }
  }

  /**
   * @returns the program's absolute path: the empty environment of the process has no PATH.
   * @throws FfmpegStartError when there is no executable file of that name.
   */
  find(program: string): string {
    const candidates = program.includes('/')
      ? [resolve(program)]
      : this.#searchPath.split(delimiter).map((folder) => join(folder, program));
    let failure: unknown;
    for (const path of candidates) {
      try {
        accessSync(path, constants.X_OK);
        if (statSync(path).isFile()) return path;
        failure = { code: 'EACCES' };
      } catch (error) {
        failure = error;
      }
    }
    throw new FfmpegStartError(failure);
  }
}

/** Leaves the processors to the service and its sockets when they need them. */
export function lowerPriority(pid: number): void {
  try {
    setPriority(pid, NICENESS);
  } catch {
    // The system may forbid it; the process then runs at normal priority.
  }
}

/** One command per limit, since a system may lack one or have a lower one. No file can be written, not even a core dump. */
function limits(cpuSeconds: number): string {
  return `{
ulimit -c 0
ulimit -f 0
ulimit -n 32
ulimit -d ${MAX_DATA_KB}
ulimit -t ${Math.ceil(cpuSeconds)}
echo 1000 >/proc/self/oom_score_adj
} 2>/dev/null
exec "$0" "$@"`;
}

/** Whether `nobody` could start it: a folder on the way may be closed to others, as root's home is. */
function isExecutableByOthers(program: string): boolean {
  let path = realpathSync(program);
  if ((statSync(path).mode & 0o005) !== 0o005) return false;
  while (path !== dirname(path)) {
    path = dirname(path);
    if ((statSync(path).mode & 0o001) === 0) return false;
  }
  return true;
}

/** Root lacks the capability, or its namespace has no user `nobody`. */
function isUserRefused(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    (error.code === 'EPERM' || error.code === 'EINVAL')
  );
}

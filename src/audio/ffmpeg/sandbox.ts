/** How little an ffmpeg process is given: no environment, no folder, no rights of root, and bounded resources. */
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { setPriority } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { FfmpegStartError } from './errors.js';

/** What a program is started with: arguments of `SHELL`, and options for `spawn`. */
export interface SandboxedCommand {
  readonly args: readonly string[];
  readonly options: {
    readonly env: Readonly<Record<string, string>>;
    readonly cwd: string;
    readonly uid?: number;
    readonly gid?: number;
  };
}

/** It sets the limits, for which Node has no call, and then becomes the program: one process, about a millisecond. */
export const SHELL = '/bin/sh';

/** Where programs are looked for when nobody says. */
const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

/** All that a decoder may have in memory of its own; decoding takes about 50 MB, most of it the libraries' tables. */
const MAX_DATA_KB = 512 * 1024;

/** Of 0 to 19: a third of the share of a process at 0. */
const NICENESS = 5;

/** User and group `nobody` on every Linux. */
const NOBODY = 65_534;

export class Sandbox {
  readonly #limits: string;
  readonly #searchPath: string;
  #changesUser = process.getuid?.() === 0;

  /**
   * @param cpuSeconds processor time of one process, after which the kernel ends it, should we no longer be there to do so.
   * @param searchPath folders in which a program without a path is looked for, as in PATH.
   */
  constructor(cpuSeconds: number, searchPath: string = DEFAULT_PATH) {
    this.#limits = limits(cpuSeconds);
    this.#searchPath = searchPath;
  }

  /** Whether programs that any user may start get another user's rights than our own, which are root's. */
  get changesUser(): boolean {
    return this.#changesUser;
  }

  /**
   * Starts a program by `start`, which gets what to start it with.
   *
   * @throws StartFailure when there is no such program or no process to be had.
   */
  start<T>(program: string, args: readonly string[], start: (how: SandboxedCommand) => T): T {
    const path = this.find(program);
    const how = {
      args: ['-c', this.#limits, path, ...args],
      options: { env: {}, cwd: '/' },
    };
    if (this.#changesUser && isExecutableByOthers(path)) {
      try {
        return start({ ...how, options: { ...how.options, uid: NOBODY, gid: NOBODY } });
      } catch (error) {
        if (!isUserRefused(error)) throw new FfmpegStartError(error);
        this.#changesUser = false;
      }
    }
    try {
      return start(how);
    } catch (error) {
      throw new FfmpegStartError(error);
    }
  }

  /**
   * @returns the program's absolute path: with no environment it cannot be looked for later.
   * @throws StartFailure when there is none that may be executed.
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

/** Decoding fills the processors that the service and its sockets do not need just then. */
export function lowerPriority(pid: number): void {
  try {
    setPriority(pid, NICENESS);
  } catch {
    // A sandbox may forbid even that; nothing but politeness is lost.
  }
}

/** Each by itself, since a system may lack one or have a lower one. No file can be written, not even a core dump. */
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

/** Whether any user could start it: root's own folder is closed to others, and a program in it with it. */
function isExecutableByOthers(program: string): boolean {
  let path = realpathSync(program);
  if ((statSync(path).mode & 0o005) !== 0o005) return false;
  while (path !== dirname(path)) {
    path = dirname(path);
    if ((statSync(path).mode & 0o001) === 0) return false;
  }
  return true;
}

/** Root without the capability, or in a namespace that has no such user. */
function isUserRefused(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    (error.code === 'EPERM' || error.code === 'EINVAL')
  );
}

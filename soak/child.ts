/** A child process of the soak: runs in its own process group, is controlled over IPC and inspected through /proc. */
import { fork, type ChildProcess } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** Long enough for a service that collects garbage on a busy machine. */
const REPLY_WITHIN_MS = 15_000;

export class Child {
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #name: string;
  #stderr = '';

  /** @param file in this folder. Its own process group keeps Ctrl-C from it: the main process decides what ends when. */
  constructor(file: string, env: NodeJS.ProcessEnv, onLine: (line: string) => void = () => undefined) {
    this.#name = file;
    this.#child = fork(fileURLToPath(new URL(file, import.meta.url)), {
      env,
      execArgv: ['--expose-gc', '--import', 'tsx'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    });
    this.#child.setMaxListeners(0);
    this.exited = new Promise((resolve) =>
      this.#child.once('exit', (code, signal) => {
        resolve({ code, signal });
      }),
    );
    if (this.#child.stdout) createInterface(this.#child.stdout).on('line', onLine);
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-4_000);
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The last 4 000 characters of its standard error. */
  get stderr(): string {
    return this.#stderr;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  send(message: object | number): void {
    if (this.#child.connected) this.#child.send(message);
  }

  /** Resolves to the first defined value that `select` returns for a message. Rejects if the process exits or is silent too long. */
  waitFor<T>(select: (message: unknown) => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#child.off('message', onMessage);
        this.#child.off('exit', onExit);
      };
      const onMessage = (message: unknown): void => {
        const selected = select(message);
        if (selected === undefined) return;
        settle();
        resolve(selected);
      };
      const fail = (why: string): void => {
        settle();
        reject(new Error(`${this.#name} ${why}. ${this.#stderr}`));
      };
      const onExit = (): void => {
        fail('exited');
      };
      const timer = setTimeout(() => {
        fail('does not reply');
      }, REPLY_WITHIN_MS);
      this.#child.on('message', onMessage);
      this.#child.on('exit', onExit);
    });
  }
}

/** The number of sockets that a process holds, including pipes to other processes. */
export async function socketsOf(pid: number): Promise<number> {
  const names = await readdir(`/proc/${pid}/fd`);
  const links = await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')));
  return links.filter((link) => link.startsWith('socket:')).length;
}

/** All descendants of a process with their start times, so that a reused process id does not match. */
export async function descendantsOf(pid: number): Promise<Map<number, string>> {
  const stats = await Promise.all((await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(statOf));
  const found = new Map<number, string>();
  const parents = new Set([pid]);
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const stat of stats) {
      if (stat === undefined || !parents.has(stat.parent)) continue;
      parents.add(stat.pid);
      found.set(stat.pid, stat.startedAt);
    }
  }
  return found;
}

/** The ids of those processes that still run. */
export async function survivorsOf(processes: ReadonlyMap<number, string>): Promise<number[]> {
  const stats = await Promise.all([...processes.keys()].map((pid) => statOf(String(pid))));
  return stats.flatMap((stat) =>
    stat !== undefined && processes.get(stat.pid) === stat.startedAt ? [stat.pid] : [],
  );
}

async function statOf(name: string): Promise<{ pid: number; parent: number; startedAt: string } | undefined> {
  const stat = await readFile(`/proc/${name}/stat`, 'latin1').catch(() => undefined);
  if (stat === undefined) return undefined; // The process has exited meanwhile.
  // The name in brackets may contain spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, parent] = fields;
  if (state === 'Z' || state === 'X') return undefined;
  return { pid: Number(name), parent: Number(parent), startedAt: fields[19] ?? '' };
}

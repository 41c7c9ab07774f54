/** A process of the soak: started in a group of its own, asked over IPC, and looked at from outside through /proc. */
import { fork, type ChildProcess } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** Long enough for a service that collects its garbage on a busy machine. */
const ANSWER_WITHIN_MS = 15_000;

export class Child {
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #name: string;
  #errors = '';

  /** @param file beside this one. In a group of its own, so that Ctrl-C reaches only who decides what ends when. */
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
      this.#errors = (this.#errors + chunk.toString()).slice(-4_000);
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it said last on its standard error. */
  get errors(): string {
    return this.#errors;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  send(message: object | number): void {
    if (this.#child.connected) this.#child.send(message);
  }

  /** The first message that `pick` takes. Rejects when the process ends first, or says nothing for too long. */
  hear<T>(pick: (message: unknown) => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#child.off('message', look);
        this.#child.off('exit', died);
      };
      const look = (message: unknown): void => {
        const picked = pick(message);
        if (picked === undefined) return;
        settle();
        resolve(picked);
      };
      const fail = (why: string): void => {
        settle();
        reject(new Error(`${this.#name} ${why}. ${this.#errors}`));
      };
      const died = (): void => {
        fail('ended');
      };
      const timer = setTimeout(() => {
        fail('does not answer');
      }, ANSWER_WITHIN_MS);
      this.#child.on('message', look);
      this.#child.on('exit', died);
    });
  }
}

/** Sockets that a process holds; TCP ones and pipes to other processes alike. */
export async function socketsOf(pid: number): Promise<number> {
  const names = await readdir(`/proc/${pid}/fd`);
  const links = await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')));
  return links.filter((link) => link.startsWith('socket:')).length;
}

/** Every process under this one, each with the moment it started, so that a number given anew is no match. */
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

/** Those of them that still run. */
export async function survivorsOf(processes: ReadonlyMap<number, string>): Promise<number[]> {
  const stats = await Promise.all([...processes.keys()].map((pid) => statOf(String(pid))));
  return stats.flatMap((stat) =>
    stat !== undefined && processes.get(stat.pid) === stat.startedAt ? [stat.pid] : [],
  );
}

async function statOf(name: string): Promise<{ pid: number; parent: number; startedAt: string } | undefined> {
  const stat = await readFile(`/proc/${name}/stat`, 'latin1').catch(() => undefined);
  if (stat === undefined) return undefined; // It ended while we looked.
  // The name in brackets may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, parent] = fields;
  if (state === 'Z' || state === 'X') return undefined;
  return { pid: Number(name), parent: Number(parent), startedAt: fields[19] ?? '' };
}

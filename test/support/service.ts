/** The service in its own process: started, signalled, killed, with what it leaves behind. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.js';
import { eventually } from './programs.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const FROM_SOURCE = ['--import', 'tsx', 'src/main.ts'];

/** Its environment is only what the test sets. A restart keeps port and folder. */
export class ServiceProcess {
  readonly port: number;
  readonly uploadDir: string;
  /** Log lines of all runs. */
  readonly log: Record<string, unknown>[] = [];
  /** Standard error of all runs. */
  complaints = '';
  readonly #env: Record<string, string>;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  #exit: Promise<Exit> = Promise.resolve({ code: null, signal: null });

  private constructor(port: number, uploadDir: string, env: Record<string, string>, args: readonly string[]) {
    this.port = port;
    this.uploadDir = uploadDir;
    this.#env = env;
    this.#args = args;
  }

  /** Does not start it yet. `flags` are Node's; `program` is what Node runs, from the root of the repository. */
  static async prepare(
    env: Record<string, string>,
    flags: readonly string[] = [],
    program: readonly string[] = FROM_SOURCE,
  ): Promise<ServiceProcess> {
    const uploadDir = await mkdtemp(path.join(tmpdir(), 'uploads-'));
    return new ServiceProcess(await freePort(), uploadDir, env, [...flags, ...program]);
  }

  /** Resolves once it is ready. */
  static async start(
    env: Record<string, string>,
    flags: readonly string[] = [],
    program: readonly string[] = FROM_SOURCE,
  ): Promise<ServiceProcess> {
    const service = await ServiceProcess.prepare(env, flags, program);
    service.spawn();
    try {
      await service.ready();
    } catch (error) {
      await service.close();
      throw error;
    }
    return service;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  spawn(): void {
    const child = spawn(process.execPath, this.#args, {
      cwd: ROOT,
      env: {
        ...{ PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' },
        ...{ RATE_LIMIT_PER_MINUTE: '0', MAX_CONCURRENT_PER_KEY: '0' },
        ...{ PORT: String(this.port), UPLOAD_DIR: this.uploadDir },
        ...this.#env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#exit = once(child, 'close').then(() => ({ code: child.exitCode, signal: child.signalCode }));
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      this.log.push(...lines.map((line) => JSON.parse(line) as Record<string, unknown>));
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (this.complaints += chunk));
  }

  /** Resolves once `/readyz` answers 200. */
  async ready(withinMs = 30_000): Promise<void> {
    await eventually(
      () => this.#ask('/readyz'),
      (status) => {
        if (this.#hasEnded()) throw new Error(`The service has ended: ${this.complaints}`);
        return status === 200;
      },
      withinMs,
    );
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** Resolves to its exit. */
  ended(): Promise<Exit> {
    return this.#exit;
  }

  /** Sends the signal and resolves to its exit. */
  async stop(name: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.signal(name);
    return await this.#exit;
  }

  /** Files in its upload folder, but for the folder of jobs. */
  async uploads(): Promise<string[]> {
    return (await readdir(this.uploadDir)).filter((name) => name !== 'jobs');
  }

  /** Kills the process if it still runs, and removes its folder. */
  async close(): Promise<void> {
    if (this.#child !== undefined && !this.#hasEnded()) await this.stop('SIGKILL');
    await rm(this.uploadDir, { recursive: true, force: true });
  }

  #hasEnded(): boolean {
    return this.#child?.exitCode !== null || this.#child.signalCode !== null;
  }

  /** The status; 0 if nothing listens. */
  #ask(route: string): Promise<number> {
    return fetch(this.url + route).then(
      ({ status }) => status,
      () => 0,
    );
  }
}

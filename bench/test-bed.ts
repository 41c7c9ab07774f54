/** Starts, pins, measures and stops the processes of the bench. */
import { execFileSync, fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startFlags } from './build.js';
import { Remote } from './ipc.js';
import type { LoadCommands } from './load.js';
import { configureNginx } from './nginx.js';
import { cpuMs, residentMb } from './proc.js';
import type { UpstreamCommands, UpstreamUrls } from './upstream.js';

export const API_KEY = 'bench-key-of-the-client';
const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Preloaded into the service: on SIGUSR2 it writes the number of reachable bytes after a garbage collection to a file. */
const MEMORY_PROBE = `data:text/javascript,${encodeURIComponent(`
  import { renameSync, writeFileSync } from 'node:fs';
  process.on('SIGUSR2', () => {
    gc();
    gc();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    writeFileSync(process.env.BENCH_MEMORY_FILE + '.new', String(heapUsed + arrayBuffers));
    renameSync(process.env.BENCH_MEMORY_FILE + '.new', process.env.BENCH_MEMORY_FILE);
  });
`)}`;
const START_MS = 20_000;
/** A process that has not exited by then is killed. */
const STOP_MS = 10_000;

/** `target`: a core reserved for the process that is measured; `rest`: the other cores, for clients and upstream. */
export type Place = 'target' | 'rest' | 'anywhere';

/** A process that is measured. */
export interface Target {
  readonly url: string;
  readonly pid: number;
  /** CPU time so far, all threads, in milliseconds. */
  cpuMs(): Promise<number>;
  /** Resident memory now. */
  residentMb(): Promise<number>;
  /** Heap and buffers after a garbage collection; only of a service started `withMemoryProbe`. */
  liveMb(): Promise<number>;
  stop(): Promise<void>;
}

export interface ServiceOptions {
  readonly upstream: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly place?: Place;
  /** Makes `liveMb()` available. */
  readonly withMemoryProbe?: boolean;
}

export interface Upstream {
  readonly urls: UpstreamUrls;
  readonly remote: Remote<UpstreamCommands>;
}

export class TestBed {
  readonly folder: string;
  readonly #children = new Set<ChildProcess>();
  readonly #targets = new Set<Target>();
  readonly #shared = new Map<string, Promise<unknown>>();
  /** The service writes its CPU profiles here, if set. */
  readonly #profileFolder: string | undefined;
  readonly #canPin = availableParallelism() > 1 && hasTaskset();

  private constructor(folder: string, profileFolder: string | undefined) {
    this.folder = folder;
    this.#profileFolder = profileFolder;
  }

  static async open(profileFolder?: string): Promise<TestBed> {
    return new TestBed(await mkdtemp(path.join(tmpdir(), 'bench-')), profileFolder);
  }

  /** Starts the built service as `npm start` does, with validation, a key, limits, a log file and metrics. */
  async service({
    upstream,
    env = {},
    place = 'target',
    withMemoryProbe = false,
  }: ServiceOptions): Promise<Target> {
    const log = path.join(this.folder, `service-${this.#children.size}-${Date.now()}.log`);
    const file = openSync(log, 'w');
    const probeFile = path.join(this.folder, `memory-${this.#children.size}-${Date.now()}`);
    const profiling =
      this.#profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${this.#profileFolder}`];
    const [command, ...args] = [
      ...this.#pin(place),
      process.execPath,
      ...(await startFlags()),
      ...profiling,
      ...(withMemoryProbe ? ['--expose-gc', '--import', MEMORY_PROBE] : []),
      path.join(ROOT, 'dist/main.js'),
    ];
    const child = spawn(command, args, {
      cwd: ROOT,
      stdio: ['ignore', file, 'inherit'],
      env: {
        PATH: process.env.PATH,
        PORT: '0',
        API_KEYS: API_KEY,
        RATE_LIMIT_PER_MINUTE: '1000000',
        MAX_CONCURRENT_PER_KEY: '0',
        UPLOAD_DIR: path.join(this.folder, 'uploads'),
        REALTIME_PROVIDER: 'compatible',
        REALTIME_URL: upstream,
        BENCH_MEMORY_FILE: probeFile,
        ...env,
      },
    });
    closeSync(file);
    this.#children.add(child);
    const url = await this.#poll(child, 'the service', async () => {
      const lines = await readFile(log, 'utf8');
      return /"url":"([^"]+)","msg":"listening"/.exec(lines)?.[1];
    });
    return this.#target(child, url, probeFile);
  }

  /** Starts one of `baselines/`. */
  async baseline(
    name: string,
    env: Readonly<Record<string, string>>,
    place: Place = 'target',
  ): Promise<Target> {
    const child = this.#fork(`baselines/${name}.ts`, place, env);
    const [url] = (await this.#withinStartTime(child, name, once(child, 'message'))) as [string];
    return this.#target(child, url);
  }

  /** Starts nginx as a WebSocket proxy in front of an upstream. */
  async nginx(upstream: string): Promise<Target> {
    const { args, url } = await configureNginx(path.join(this.folder, `nginx-${Date.now()}`), upstream);
    const [command = '', ...all] = [...this.#pin('target'), 'nginx', ...args];
    const child = spawn(command, all, { stdio: ['ignore', 'ignore', 'inherit'] });
    this.#children.add(child);
    await this.#poll(child, 'nginx', () => accepts(Number(new URL(url).port)));
    return this.#target(child, url);
  }

  /** One process for all parts that want it at the same place. */
  upstream(place: Place = 'rest'): Promise<Upstream> {
    return this.#share(`the upstream, ${place}`, async (name) => {
      const child = await this.#forkServer('upstream.ts', name, place);
      const remote = new Remote<UpstreamCommands>(child, name);
      return { urls: await remote.call('urls'), remote };
    });
  }

  /** One process for all parts that want it at the same place. */
  load(place: Place = 'rest'): Promise<Remote<LoadCommands>> {
    return this.#share(`the load, ${place}`, async (name) => {
      return new Remote<LoadCommands>(await this.#forkServer('load.ts', name, place), name);
    });
  }

  /** Stops the targets; upstream and load stay for the next part. */
  async clear(): Promise<void> {
    await Promise.all([...this.#targets].map((target) => target.stop()));
  }

  /** Stops every process and removes every file. */
  async close(): Promise<void> {
    await Promise.all([...this.#children].map(end));
    this.#children.clear();
    await rm(this.folder, { recursive: true });
  }

  async #forkServer(file: string, name: string, place: Place): Promise<ChildProcess> {
    const child = this.#fork(file, place);
    await this.#withinStartTime(child, name, once(child, 'message'));
    return child;
  }

  #share<T>(name: string, start: (name: string) => Promise<T>): Promise<T> {
    const shared = (this.#shared.get(name) as Promise<T> | undefined) ?? start(name);
    this.#shared.set(name, shared);
    return shared;
  }

  #fork(file: string, place: Place, env: Readonly<Record<string, string>> = {}): ChildProcess {
    const [execPath, ...execArgv] = [...this.#pin(place), process.execPath, '--import', 'tsx'];
    const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
      execPath,
      execArgv,
      env: { PATH: process.env.PATH, ...env },
    });
    this.#children.add(child);
    return child;
  }

  #pin(place: Place): string[] {
    if (place === 'anywhere' || !this.#canPin) return [];
    const last = availableParallelism() - 1;
    return ['taskset', '-c', place === 'target' ? '0' : `1-${last}`];
  }

  #target(child: ChildProcess, url: string, probeFile?: string): Target {
    const pid = child.pid ?? 0;
    const target: Target = {
      url,
      pid,
      cpuMs: () => cpuMs(pid),
      residentMb: () => residentMb(pid),
      liveMb: async () => {
        if (probeFile === undefined) throw new Error('This process has no memory probe.');
        await rm(probeFile, { force: true });
        child.kill('SIGUSR2');
        const read = (): Promise<number | undefined> =>
          readFile(probeFile, 'utf8').then(Number, () => undefined);
        return (await this.#poll(child, 'the memory probe', read)) / 1_000_000;
      },
      stop: async () => {
        this.#targets.delete(target);
        await end(child);
        this.#children.delete(child);
      },
    };
    this.#targets.add(target);
    return target;
  }

  /** Polls until `read` returns a value. */
  async #poll<T>(child: ChildProcess, name: string, read: () => Promise<T | undefined>): Promise<T> {
    const deadline = performance.now() + START_MS;
    const poll = async (): Promise<T> => {
      for (;;) {
        const value = await read();
        if (value !== undefined) return value;
        if (performance.now() > deadline) throw new Error(`${name} does not respond`);
        await wait(20);
      }
    };
    return await this.#withinStartTime(child, name, poll());
  }

  async #withinStartTime<T>(child: ChildProcess, name: string, started: Promise<T>): Promise<T> {
    const settled = new AbortController();
    const { signal } = settled;
    const ended = once(child, 'exit', { signal }).then(([code]) => {
      throw new Error(`${name} exited with ${String(code)} before it was ready`);
    });
    const timeout = wait(START_MS, undefined, { signal }).then(() => {
      throw new Error(`${name} was not ready within ${START_MS} ms`);
    });
    try {
      return await Promise.race([started, ended, timeout]);
    } finally {
      settled.abort();
      await Promise.allSettled([ended, timeout]);
    }
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await exited;
  clearTimeout(kill);
}

/** True if something listens on the port. */
async function accepts(port: number): Promise<true | undefined> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
}

function hasTaskset(): boolean {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** One node: a process of the service, from its start to what it leaves running. */
import { Child, descendantsOf, socketsOf, survivorsOf, type Exit } from './child.js';
import type { ProcessStats } from './service.js';
import { pause } from './pause.js';

/** The statistics of a node at one moment. */
export interface NodeStats extends ProcessStats {
  readonly sockets: number;
  readonly children: number;
}

const READY_WITHIN_MS = 30_000;

export class ServiceNode {
  readonly url: string;
  /** By `performance.now()`; Infinity until then. */
  stoppingAt = Infinity;
  killedAt = Infinity;
  readonly #child: Child;
  readonly #errorLines: string[];
  #requests = 0;

  private constructor(child: Child, url: string, errorLines: string[]) {
    this.#child = child;
    this.url = url;
    this.#errorLines = errorLines;
  }

  /** Resolves once the node is ready. */
  static async start(env: Record<string, string>): Promise<ServiceNode> {
    const errorLines: string[] = [];
    let listening: (url: string) => void;
    const listeningUrl = new Promise<string>((resolve) => (listening = resolve));
    const child = new Child('service.ts', { ...process.env, ...env }, (line) => {
      const { level, msg, url } = readLine(line);
      if (level === 'error' || level === 'fatal') errorLines.push(line.slice(0, 400));
      if (msg === 'listening' && url !== undefined) listening(url);
    });
    const died = child.exited.then(({ code }) => {
      throw new Error(`The service exited with ${String(code)} before it listened. ${child.stderr}`);
    });
    const url = await Promise.race([listeningUrl, died]);
    died.catch(() => undefined);
    const node = new ServiceNode(child, url, errorLines);
    await node.ready();
    return node;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Log lines at level error or above. */
  get errorLines(): readonly string[] {
    return this.#errorLines;
  }

  get exited(): Promise<Exit> {
    return this.#child.exited;
  }

  async ready(): Promise<void> {
    const deadline = performance.now() + READY_WITHIN_MS;
    for (;;) {
      const status = await fetch(`${this.url}/readyz`).then(
        async (response) => {
          await response.arrayBuffer();
          return response.status;
        },
        () => undefined,
      );
      if (status === 200) return;
      if (performance.now() > deadline) throw new Error(`${this.url}/readyz still answers ${String(status)}`);
      await pause(50);
    }
  }

  /** Collects the node's garbage first. */
  async stats(): Promise<NodeStats> {
    const number = ++this.#requests;
    const reply = this.#child.waitFor((message) => {
      const { number: answered, stats } = message as { number: number; stats: ProcessStats };
      return answered === number ? stats : undefined;
    });
    this.#child.send(number);
    const [stats, sockets, children] = await Promise.all([
      reply,
      socketsOf(this.pid),
      descendantsOf(this.pid),
    ]);
    return { ...stats, sockets, children: children.size };
  }

  /** SIGTERM. @returns the exit, and the child processes that are still running */
  async stop(): Promise<{ exit: Exit; left: number[] }> {
    this.stoppingAt = performance.now();
    return await this.#end('SIGTERM');
  }

  /** SIGKILL. */
  async kill(): Promise<{ exit: Exit; left: number[] }> {
    this.killedAt = performance.now();
    return await this.#end('SIGKILL');
  }

  async #end(signal: NodeJS.Signals): Promise<{ exit: Exit; left: number[] }> {
    const children = await descendantsOf(this.pid);
    this.#child.kill(signal);
    const exit = await this.exited;
    // A program needs a moment to notice that its input has ended.
    const deadline = performance.now() + 5_000;
    let left = await survivorsOf(children);
    while (left.length > 0 && performance.now() < deadline) {
      await pause(50);
      left = await survivorsOf(children);
    }
    return { exit, left };
  }
}

function readLine(line: string): { level?: string; msg?: string; url?: string } {
  try {
    return JSON.parse(line) as { level?: string; msg?: string; url?: string };
  } catch {
    return {};
  }
}

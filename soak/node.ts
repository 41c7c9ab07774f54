/** One node: a process of the service, from its start to what it leaves behind. */
import { Child, descendantsOf, socketsOf, survivorsOf, type Exit } from './child.js';
import type { Gauge } from './service.js';
import { pause } from './pause.js';

/** All that can be seen of a node at one moment. */
export interface Reading extends Gauge {
  readonly sockets: number;
  readonly children: number;
}

const READY_WITHIN_MS = 30_000;

export class ServiceNode {
  readonly url: string;
  /** Epoch milliseconds by the monotonic clock; Infinity until then. */
  stoppingAt = Infinity;
  killedAt = Infinity;
  readonly #child: Child;
  readonly #complaints: string[];
  #asked = 0;

  private constructor(child: Child, url: string, complaints: string[]) {
    this.#child = child;
    this.url = url;
    this.#complaints = complaints;
  }

  /** Resolves once it is ready for work. */
  static async start(env: Record<string, string>): Promise<ServiceNode> {
    const complaints: string[] = [];
    let listening: (url: string) => void;
    const told = new Promise<string>((resolve) => (listening = resolve));
    const child = new Child('service.ts', { ...process.env, ...env }, (line) => {
      const { level, msg, url } = readLine(line);
      if (level === 'error' || level === 'fatal') complaints.push(line.slice(0, 400));
      if (msg === 'listening' && url !== undefined) listening(url);
    });
    const died = child.exited.then(({ code }) => {
      throw new Error(`The service ended with ${String(code)} before it listened. ${child.errors}`);
    });
    const url = await Promise.race([told, died]);
    died.catch(() => undefined);
    const node = new ServiceNode(child, url, complaints);
    await node.ready();
    return node;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Lines of its log at level error or above. */
  get complaints(): readonly string[] {
    return this.#complaints;
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
      if (performance.now() > deadline) throw new Error(`${this.url}/readyz still says ${String(status)}`);
      await pause(50);
    }
  }

  /** Collects the node's garbage first. */
  async read(): Promise<Reading> {
    const number = ++this.#asked;
    const heard = this.#child.hear((message) => {
      const { number: answered, gauge } = message as { number: number; gauge: Gauge };
      return answered === number ? gauge : undefined;
    });
    this.#child.send(number);
    const [gauge, sockets, children] = await Promise.all([
      heard,
      socketsOf(this.pid),
      descendantsOf(this.pid),
    ]);
    return { ...gauge, sockets, children: children.size };
  }

  /** SIGTERM. @returns how it ended, and the processes it left running */
  async stop(): Promise<{ exit: Exit; left: number[] }> {
    this.stoppingAt = performance.now();
    return await this.#end('SIGTERM');
  }

  /** SIGKILL: it can say nothing to anybody. */
  async kill(): Promise<{ exit: Exit; left: number[] }> {
    this.killedAt = performance.now();
    return await this.#end('SIGKILL');
  }

  async #end(signal: NodeJS.Signals): Promise<{ exit: Exit; left: number[] }> {
    const children = await descendantsOf(this.pid);
    this.#child.kill(signal);
    const exit = await this.exited;
    // A program whose input has ended needs a moment to notice.
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

/** Two nodes: one runs as long as the soak and is measured, the other is stopped, killed and started again. */
import { ServiceNode } from './node.js';
import type { Random } from './random.js';
import { pause } from './pause.js';

export class Fleet {
  readonly steady: ServiceNode;
  /** What was wrong with how nodes ended. */
  readonly faults: string[] = [];
  readonly #env: Record<string, string>;
  readonly #random: Random;
  #other: ServiceNode | undefined;
  #errorLines: string[] = [];
  #stops = 0;
  #kills = 0;

  private constructor(env: Record<string, string>, random: Random, steady: ServiceNode, other: ServiceNode) {
    this.#env = env;
    this.#random = random;
    this.steady = steady;
    this.#other = other;
  }

  static async start(env: Record<string, string>, random: Random): Promise<Fleet> {
    const steady = await ServiceNode.start(env);
    return new Fleet(env, random, steady, await ServiceNode.start(env));
  }

  get stops(): number {
    return this.#stops;
  }

  get kills(): number {
    return this.#kills;
  }

  get nodes(): readonly ServiceNode[] {
    return this.#other === undefined ? [this.steady] : [this.steady, this.#other];
  }

  /** Log lines of all nodes at level error or above. */
  get errorLines(): readonly string[] {
    return [...this.#errorLines, ...this.nodes.flatMap(({ errorLines }) => errorLines)];
  }

  /** Picks the node for the next request, as a load balancer would. */
  readonly pickNode = (): ServiceNode =>
    this.#other === undefined || this.#random.next() < 0.5 ? this.steady : this.#other;

  /** Like a rolling restart: out of rotation, stopped, started. Requests that it had taken must succeed. */
  async restart(): Promise<void> {
    const leaving = this.#other;
    if (leaving === undefined) return;
    this.#other = undefined;
    // Requests sent a moment ago may still be on their way.
    await pause(300);
    await this.#stop(leaving);
    this.#stops += 1;
    this.#other = await ServiceNode.start(this.#env);
  }

  /** Like a crash: SIGKILL. */
  async kill(): Promise<void> {
    const dying = this.#other;
    if (dying === undefined) return;
    this.#other = undefined;
    const { left } = await dying.kill();
    this.#kills += 1;
    this.#errorLines.push(...dying.errorLines);
    if (left.length > 0) this.faults.push(`a killed node left ${left.length} processes running`);
    this.#other = await ServiceNode.start(this.#env);
  }

  async stop(): Promise<void> {
    const { nodes } = this;
    await Promise.all(nodes.map((node) => this.#stop(node)));
  }

  async #stop(node: ServiceNode): Promise<void> {
    const { exit, left } = await node.stop();
    if (node !== this.steady) this.#errorLines.push(...node.errorLines);
    if (exit.code !== 0) this.faults.push(`a stopped node exited with ${exit.code ?? exit.signal ?? '?'}`);
    if (left.length > 0) this.faults.push(`a stopped node left ${left.length} processes running`);
  }
}

/** Two nodes: one lives as long as the soak and is measured, the other is stopped and killed and comes back. */
import { ServiceNode } from './node.js';
import type { Random } from './random.js';
import { pause } from './pause.js';

export class Fleet {
  readonly steady: ServiceNode;
  /** What nodes did at their end that they should not have. */
  readonly faults: string[] = [];
  readonly #env: Record<string, string>;
  readonly #random: Random;
  #other: ServiceNode | undefined;
  #complaints: string[] = [];
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

  /** Lines of all logs at level error or above. */
  get complaints(): readonly string[] {
    return [...this.#complaints, ...this.nodes.flatMap(({ complaints }) => complaints)];
  }

  /** Who gets the next request, as a balancer would choose. */
  readonly target = (): ServiceNode =>
    this.#other === undefined || this.#random.next() < 0.5 ? this.steady : this.#other;

  /** As a rolling restart does: out of the balancer, stopped, started anew. What it had begun has to end well. */
  async restart(): Promise<void> {
    const leaving = this.#other;
    if (leaving === undefined) return;
    this.#other = undefined;
    // What was sent to it a moment ago is still on its way.
    await pause(300);
    await this.#stop(leaving);
    this.#stops += 1;
    this.#other = await ServiceNode.start(this.#env);
  }

  /** As a crash is: without a word to anybody. */
  async crash(): Promise<void> {
    const dying = this.#other;
    if (dying === undefined) return;
    this.#other = undefined;
    const { left } = await dying.kill();
    this.#kills += 1;
    this.#complaints.push(...dying.complaints);
    if (left.length > 0) this.faults.push(`a killed node left ${left.length} processes`);
    this.#other = await ServiceNode.start(this.#env);
  }

  async stop(): Promise<void> {
    const { nodes } = this;
    await Promise.all(nodes.map((node) => this.#stop(node)));
  }

  async #stop(node: ServiceNode): Promise<void> {
    const { exit, left } = await node.stop();
    if (node !== this.steady) this.#complaints.push(...node.complaints);
    if (exit.code !== 0) this.faults.push(`a stopped node ended with ${exit.code ?? exit.signal ?? '?'}`);
    if (left.length > 0) this.faults.push(`a stopped node left ${left.length} processes`);
  }
}

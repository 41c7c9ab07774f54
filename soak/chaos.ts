/** Disrupts the service's surroundings: one disruption at a time, each followed by a wait for recovery. */
import type { TestRedis } from '../test/support/redis.js';
import type { Child } from './child.js';
import type { Fleet } from './fleet.js';
import { Results } from './results.js';
import type { ServiceNode } from './node.js';
import { answerTo } from './oracle.js';
import type { Random } from './random.js';
import { TRANSLATE } from './texts.js';
import type { UpstreamCommand } from './upstream.js';
import { pause } from './pause.js';

interface Disruption {
  readonly name: string;
  /** Codes with which requests that run meanwhile may fail. */
  readonly codes: readonly string[];
  readonly run: () => Promise<void>;
}

export interface ChaosOptions {
  readonly upstream: Child;
  readonly fleet: Fleet;
  readonly redis: TestRedis | undefined;
  readonly key: string;
  readonly random: Random;
  readonly results: Results;
  readonly isShort: boolean;
}

/** A lost socket: the request is retried once or fails; once it has produced text it always fails. Conversations close. */
const LOST_SOCKET = ['upstream-unavailable', 'translation-incomplete', 'closed-1011'];
/** Redis may have lost its last writes, or could not notify the other nodes of them. */
const STORE_AWAY = ['store-unavailable', 'miscounted', 'accepted'];
const RECOVER_WITHIN_MS = 25_000;
/** A socket in use is pinged every 5 s and a pong may take 10 s; then its requests are retried. */
const HALF_OPEN_MS = 20_000;

export class Chaos {
  readonly recoveriesMs: number[] = [];
  readonly faults: string[] = [];
  /** How often each disruption ran. */
  readonly counts = new Map<string, number>();
  readonly #options: ChaosOptions;
  #commands = 0;

  constructor(options: ChaosOptions) {
    this.#options = options;
  }

  /** Runs every disruption once in random order, then all of them again, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { random, isShort } = this.#options;
    while (!signal.aborted) {
      for (const disruption of random.shuffled(this.#disruptions())) {
        if (await pause(isShort ? 500 : random.between(2_000, 5_000), signal)) return;
        await this.#disrupt(disruption);
      }
    }
  }

  async #disrupt({ name, codes, run }: Disruption): Promise<void> {
    const { results, fleet } = this.#options;
    const window = results.beginFault(name, codes);
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    try {
      await run();
      const startedAt = performance.now();
      await Promise.all(fleet.nodes.map((node) => this.#untilRecovered(node, name)));
      this.recoveriesMs.push(performance.now() - startedAt);
    } finally {
      results.endFault(window);
    }
  }

  /** Resolves once the node translates again; after RECOVER_WITHIN_MS records a fault instead. */
  async #untilRecovered(node: ServiceNode, name: string): Promise<void> {
    const deadline = performance.now() + RECOVER_WITHIN_MS;
    for (let attempt = 1; ; attempt += 1) {
      const text = `attempt ${attempt}`;
      const answer = await fetch(`${node.url}${TRANSLATE}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-api-key': this.#options.key },
        body: JSON.stringify({ text }),
        signal: AbortSignal.timeout(RECOVER_WITHIN_MS),
      }).then(
        async (response) => (await response.json()) as { text?: string; code?: string },
        (error: unknown) => ({ text: undefined, code: String(error) }),
      );
      if (answer.text === answerTo(text)) return;
      if (performance.now() > deadline) {
        this.faults.push(`no recovery within ${RECOVER_WITHIN_MS} ms from ${name}: ${answer.code ?? ''}`);
        return;
      }
      await pause(100);
    }
  }

  #disruptions(): Disruption[] {
    const { fleet, isShort } = this.#options;
    const whileUpstream = (command: UpstreamCommand, ms: number) => async (): Promise<void> => {
      await this.#command(command);
      await pause(ms);
      await this.#command('heal');
    };
    const disruptions: Disruption[] = [
      { name: 'all sockets dropped', codes: LOST_SOCKET, run: whileUpstream('cut', 200) },
      {
        name: 'sockets closed by upstream',
        codes: [...LOST_SOCKET, 'closed-1001'],
        run: whileUpstream('close-1001', 200),
      },
      { name: 'sockets dropped during requests', codes: LOST_SOCKET, run: whileUpstream('drop', 1_500) },
      { name: 'upgrades refused, 503', codes: LOST_SOCKET, run: whileUpstream('refuse-503', 1_500) },
      {
        name: 'upgrades refused, 429',
        codes: [...LOST_SOCKET, 'upstream-rate-limited'],
        run: whileUpstream('refuse-429', 1_500),
      },
      {
        name: 'sockets dropped at the handshake',
        codes: LOST_SOCKET,
        run: whileUpstream('drop-at-opening', 1_000),
      },
      { name: 'slow handshakes', codes: LOST_SOCKET, run: whileUpstream('slow-opening', 1_500) },
      { name: 'upstream down', codes: LOST_SOCKET, run: () => this.#stopUpstream() },
      { name: 'node restarted', codes: [], run: () => fleet.restart() },
      { name: 'node killed', codes: [], run: () => fleet.kill() },
      ...this.#redisDisruptions(),
    ];
    if (isShort) return disruptions;
    return [
      ...disruptions,
      {
        name: 'half-open socket',
        codes: [...LOST_SOCKET, 'upstream-timeout'],
        run: whileUpstream('half-open', HALF_OPEN_MS),
      },
      {
        name: 'upgrades refused, 401',
        codes: [...LOST_SOCKET, 'upstream-rejected'],
        run: whileUpstream('refuse-401', 1_000),
      },
    ];
  }

  #redisDisruptions(): Disruption[] {
    const { redis } = this.#options;
    if (redis === undefined) return [];
    return [
      {
        name: 'Redis restarted',
        codes: STORE_AWAY,
        run: async () => {
          await redis.kill();
          await pause(1_000);
          await redis.restart();
        },
      },
      {
        name: 'Redis frozen',
        codes: STORE_AWAY,
        run: async () => {
          redis.freeze();
          await pause(1_500);
          redis.thaw();
        },
      },
    ];
  }

  async #stopUpstream(): Promise<void> {
    await this.#command('down');
    await pause(1_500);
    await this.#command('up');
  }

  async #command(command: UpstreamCommand): Promise<void> {
    const number = ++this.#commands;
    const done = this.#options.upstream.waitFor((message) =>
      (message as { done?: number }).done === number ? true : undefined,
    );
    this.#options.upstream.send({ number, command });
    await done;
  }
}

/** What goes wrong around the service: one thing after the other, each with a time to recover from it. */
import type { TestRedis } from '../test/support/redis.js';
import type { Child } from './child.js';
import type { Fleet } from './fleet.js';
import { Ledger } from './ledger.js';
import type { ServiceNode } from './node.js';
import { answerTo } from './question.js';
import type { Random } from './random.js';
import { TRANSLATE } from './texts.js';
import type { UpstreamOrder } from './upstream.js';
import { pause } from './pause.js';

interface Episode {
  readonly name: string;
  /** With what requests may fail that run meanwhile. */
  readonly codes: readonly string[];
  readonly happen: () => Promise<void>;
}

export interface WeatherSetup {
  readonly upstream: Child;
  readonly fleet: Fleet;
  readonly redis: TestRedis | undefined;
  readonly key: string;
  readonly random: Random;
  readonly ledger: Ledger;
  readonly isShort: boolean;
}

/** A lost socket: run again once, or told; after words always told. Conversations end with it. */
const LOST = ['upstream-unavailable', 'translation-incomplete', 'closed-1011'];
/** The store may have missed what it was told just before it went, or could not tell other nodes. */
const STORE = ['store-unavailable', 'miscounted', 'accepted'];
const RECOVER_WITHIN_MS = 25_000;
/** Pings of a socket in use go out every 5 s, and a pong may take 10 s; then what ran on it is run again. */
const HALF_OPEN_MS = 20_000;

export class Weather {
  readonly recoveriesMs: number[] = [];
  readonly faults: string[] = [];
  /** How often each thing happened. */
  readonly happened = new Map<string, number>();
  readonly #setup: WeatherSetup;
  #orders = 0;

  constructor(setup: WeatherSetup) {
    this.#setup = setup;
  }

  /** Every episode once, in an order of chance, then all again; ends with fair weather. */
  async run(over: AbortSignal): Promise<void> {
    const { random, isShort } = this.#setup;
    while (!over.aborted) {
      for (const episode of random.shuffled(this.#episodes())) {
        if (await pause(isShort ? 500 : random.between(2_000, 5_000), over)) return;
        await this.#pass(episode);
      }
    }
  }

  async #pass({ name, codes, happen }: Episode): Promise<void> {
    const { ledger, fleet } = this.#setup;
    const trouble = ledger.begin(name, codes);
    this.happened.set(name, (this.happened.get(name) ?? 0) + 1);
    try {
      await happen();
      const startedAt = performance.now();
      await Promise.all(fleet.nodes.map((node) => this.#recovered(node, name)));
      this.recoveriesMs.push(performance.now() - startedAt);
    } finally {
      ledger.end(trouble);
    }
  }

  /** Once it translates again. */
  async #recovered(node: ServiceNode, name: string): Promise<void> {
    const deadline = performance.now() + RECOVER_WITHIN_MS;
    for (let attempt = 1; ; attempt += 1) {
      const text = `again ${attempt}`;
      const given = await fetch(`${node.url}${TRANSLATE}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-api-key': this.#setup.key },
        body: JSON.stringify({ text }),
        signal: AbortSignal.timeout(RECOVER_WITHIN_MS),
      }).then(
        async (response) => (await response.json()) as { text?: string; code?: string },
        (error: unknown) => ({ text: undefined, code: String(error) }),
      );
      if (given.text === answerTo(text)) return;
      if (performance.now() > deadline) {
        this.faults.push(`no recovery within ${RECOVER_WITHIN_MS} ms from ${name}: ${given.code ?? ''}`);
        return;
      }
      await pause(100);
    }
  }

  #episodes(): Episode[] {
    const { fleet, isShort } = this.#setup;
    const spell = (order: UpstreamOrder, ms: number) => async (): Promise<void> => {
      await this.#order(order);
      await pause(ms);
      await this.#order('heal');
    };
    const episodes: Episode[] = [
      { name: 'every socket cut', codes: LOST, happen: spell('cut', 200) },
      {
        name: 'sockets closed by upstream',
        codes: [...LOST, 'closed-1001'],
        happen: spell('close-1001', 200),
      },
      { name: 'sockets lost under requests', codes: LOST, happen: spell('drop', 1_500) },
      { name: 'upgrades refused, 503', codes: LOST, happen: spell('refuse-503', 1_500) },
      {
        name: 'upgrades refused, 429',
        codes: [...LOST, 'upstream-rate-limited'],
        happen: spell('refuse-429', 1_500),
      },
      { name: 'sockets dropped at opening', codes: LOST, happen: spell('drop-at-opening', 1_000) },
      { name: 'slow openings', codes: LOST, happen: spell('slow-opening', 1_500) },
      { name: 'upstream away', codes: LOST, happen: () => this.#upstreamAway() },
      { name: 'node restarted', codes: [], happen: () => fleet.restart() },
      { name: 'node killed', codes: [], happen: () => fleet.crash() },
      ...this.#ofRedis(),
    ];
    if (isShort) return episodes;
    return [
      ...episodes,
      {
        name: 'half-open socket',
        codes: [...LOST, 'upstream-timeout'],
        happen: spell('half-open', HALF_OPEN_MS),
      },
      {
        name: 'upgrades refused, 401',
        codes: [...LOST, 'upstream-rejected'],
        happen: spell('refuse-401', 1_000),
      },
    ];
  }

  #ofRedis(): Episode[] {
    const { redis } = this.#setup;
    if (redis === undefined) return [];
    return [
      {
        name: 'Redis restarted',
        codes: STORE,
        happen: async () => {
          await redis.kill();
          await pause(1_000);
          await redis.restart();
        },
      },
      {
        name: 'Redis frozen',
        codes: STORE,
        happen: async () => {
          redis.freeze();
          await pause(1_500);
          redis.thaw();
        },
      },
    ];
  }

  async #upstreamAway(): Promise<void> {
    await this.#order('down');
    await pause(1_500);
    await this.#order('up');
  }

  async #order(order: UpstreamOrder): Promise<void> {
    const number = ++this.#orders;
    const done = this.#setup.upstream.hear((message) =>
      (message as { done?: number }).done === number ? true : undefined,
    );
    this.#setup.upstream.send({ number, order });
    await done;
  }
}

/** Sessions in Redis: shared by all nodes, and there after a restart of any of them. */
import type { Logger } from 'pino';
import { z } from 'zod';
import { GatewayError } from '../errors.js';
import type { Session } from './profile.js';
import {
  COUNT,
  DELETE,
  DELETED_CHANNEL,
  EXPIRY_KEY,
  LIST,
  ORDER_KEY,
  OWNER_KEY,
  PUT,
  SESSION_KEY,
  SLIDE,
} from './redis-scripts.js';
import type { RedisConnection } from '../redis.js';
import type { DeletionWatcher, PutResult, SessionDraft, SessionPage, SessionStore } from './store.js';

const count = z.coerce.number().int().nonnegative();
const absentIsNull = z
  .string()
  .optional()
  .transform((text) => text ?? null);

/** A hash of strings, as Redis has it, read back as a session and its place in its owner's list. */
const storedSession = z
  .object({
    connectId: z.string(),
    owner: z.string(),
    prompt: z.string(),
    source: absentIsNull,
    target: absentIsNull,
    voice: absentIsNull,
    createdAt: count,
    lastUsedAt: count,
    expiresAt: count,
    ttlMs: count,
    requests: count,
    order: count,
  })
  .transform(({ order, ...session }): { session: Session; order: number } => ({ session, order }));

/** Lua hands a hash out flat: field, value, field, value. */
const flatSession = z
  .array(z.string())
  .transform((flat): unknown => {
    const hash: Record<string, string> = {};
    flat.forEach((value, i) => {
      const field = flat[i - 1];
      if (i % 2 === 1 && field !== undefined) hash[field] = value;
    });
    return hash;
  })
  .pipe(storedSession);

export class RedisStore implements SessionStore {
  readonly #redis: RedisConnection;
  readonly #logger: Pick<Logger, 'warn'>;
  readonly #watchers: DeletionWatcher[] = [];
  /** Live sessions when they were last counted, and what this node has made and deleted since. */
  #lastCount: number | null = null;
  #isCounting = false;

  /** @param redis closed with the store; others may use it too, until then. */
  constructor(redis: RedisConnection, logger: Pick<Logger, 'warn'>) {
    this.#redis = redis;
    this.#logger = logger;
    redis.client.on('ready', this.#onReady);
    if (redis.client.isReady) this.#onReady();
  }

  async get(connectId: string): Promise<Session | undefined> {
    const hash = await this.#redis.run((client) => client.hGetAll(SESSION_KEY + connectId));
    return 'connectId' in hash ? storedSession.parse(hash).session : undefined;
  }

  async put(draft: SessionDraft, max: number): Promise<PutResult> {
    const { connectId, owner, ttlMs, ...profile } = draft;
    const fields = Object.entries(profile).flatMap(([field, value]: [string, string | null]) =>
      value === null ? [] : [field, value],
    );
    const reply = await this.#eval(
      PUT,
      [SESSION_KEY + connectId, EXPIRY_KEY, OWNER_KEY + owner, ORDER_KEY],
      [connectId, owner, String(max), String(ttlMs), ...fields],
    );
    const [stored, ms] = z.tuple([z.number(), z.number()]).parse(reply);
    if (stored === 0) return { kind: 'full', retryAfterMs: ms };
    this.#countOne(1);
    const times = { createdAt: ms, lastUsedAt: ms, expiresAt: ms + ttlMs };
    return { kind: 'stored', session: { ...draft, ...times, requests: 0 } };
  }

  touch(connectId: string, owner?: string): Promise<Session | undefined> {
    return this.#slide(connectId, ['0', ...(owner === undefined ? [] : [owner])]);
  }

  complete(connectId: string): Promise<Session | undefined> {
    return this.#slide(connectId, ['1']);
  }

  async delete(connectId: string): Promise<boolean> {
    const deleted = await this.#eval(DELETE, [SESSION_KEY + connectId, EXPIRY_KEY], []);
    if (deleted === 0) return false;
    this.#countOne(-1);
    // Redis tells us too, but only while we listen.
    this.#onDeleted(connectId);
    return true;
  }

  async list(owner: string, limit: number, before?: number): Promise<SessionPage> {
    const range = before === undefined ? '+inf' : `(${before}`;
    const reply = await this.#eval(LIST, [OWNER_KEY + owner], [String(limit + 1), range]);
    const found = z.array(flatSession).parse(reply);
    const page = found.slice(0, limit);
    return {
      sessions: page.map(({ session }) => session),
      next: found.length > limit ? (page.at(-1)?.order ?? null) : null,
    };
  }

  async count(): Promise<number> {
    this.#lastCount = z.number().parse(await this.#eval(COUNT, [EXPIRY_KEY], []));
    return this.#lastCount;
  }

  lastCount(): number | null {
    void this.#countAnew();
    return this.#redis.isAnswering ? this.#lastCount : null;
  }

  watch(watcher: DeletionWatcher): void {
    this.#watchers.push(watcher);
  }

  async check(): Promise<{ ok: boolean; detail: string }> {
    try {
      await this.#redis.run((client) => client.ping());
      return { ok: true, detail: 'Redis answers.' };
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      return { ok: false, detail: 'Redis cannot be reached; check REDIS_URL and the server behind it.' };
    }
  }

  close(): Promise<void> {
    return this.#redis.close();
  }

  async #slide(connectId: string, args: string[]): Promise<Session | undefined> {
    const reply = await this.#eval(SLIDE, [SESSION_KEY + connectId, EXPIRY_KEY], args);
    return Array.isArray(reply) && reply.length === 0 ? undefined : flatSession.parse(reply).session;
  }

  #eval(script: string, keys: string[], args: string[]): Promise<unknown> {
    return this.#redis.run((client) => client.eval(script, { keys, arguments: args }));
  }

  readonly #onReady = (): void => {
    void this.#listen();
    void this.#countAnew();
  };

  /** One count at a time: a Redis that does not answer is not asked once for each who wants to know. */
  async #countAnew(): Promise<void> {
    if (this.#isCounting) return;
    this.#isCounting = true;
    try {
      await this.count();
    } catch {
      this.#lastCount = null;
    } finally {
      this.#isCounting = false;
    }
  }

  /** Replies come in the order of the commands, so the next count has it already, or does not know of it yet. */
  #countOne(change: 1 | -1): void {
    if (this.#lastCount !== null) this.#lastCount += change;
  }

  /** At every connection anew; what was published in between is lost, so the watchers are to ask. */
  async #listen(): Promise<void> {
    try {
      await this.#redis.client.subscribe(DELETED_CHANNEL, this.#onDeleted);
      for (const watcher of this.#watchers) watcher.missed();
    } catch (error) {
      this.#logger.warn({ err: error }, 'Redis does not tell of deleted sessions');
    }
  }

  /** One function for the store's life: subscribing it again does not call it twice. */
  readonly #onDeleted = (connectId: string): void => {
    for (const watcher of this.#watchers) watcher.deleted(connectId);
  };
}

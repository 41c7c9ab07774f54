/** Sessions in Redis: shared by all nodes, and kept across their restarts. */
import type { Logger } from 'pino';
import { z } from 'zod';
import { GatewayError } from '../errors.js';
import { PROFILE_FIELDS, type ProfileField, type Session } from './profile.js';
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

const profileShape = Object.fromEntries(
  PROFILE_FIELDS.map((field) => [field, field === 'prompt' ? z.string() : absentIsNull]),
) as { [Field in ProfileField]: Field extends 'prompt' ? z.ZodString : typeof absentIsNull };

/** A Redis hash of strings, read as a session and its position in its owner's list. */
const storedSession = z
  .object({
    connectId: z.string(),
    owner: z.string(),
    ...profileShape,
    createdAt: count,
    lastUsedAt: count,
    expiresAt: count,
    ttlMs: count,
    requests: count,
    order: count,
  })
  .transform(({ order, ...session }): { session: Session; order: number } => ({ session, order }));

/** Lua returns a hash as a flat list: field, value, field, value. */
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
  /** Live sessions at the last count, adjusted by what this node has made and deleted since. */
  #lastCount: number | null = null;
  #isCounting = false;

  /** @param redis closed together with the store; may be shared until then. */
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
    // Redis publishes it too, but only while we are subscribed.
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

  /** One count at a time, so that callers do not pile up commands on a Redis that does not answer. */
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

  /** Replies come in the order of the commands, so a count after this one includes the change, and one before does not. */
  #countOne(change: 1 | -1): void {
    if (this.#lastCount !== null) this.#lastCount += change;
  }

  /** Subscribes at every connection; messages published in between are lost, so watchers are notified to check. */
  async #listen(): Promise<void> {
    try {
      await this.#redis.client.subscribe(DELETED_CHANNEL, this.#onDeleted);
      for (const watcher of this.#watchers) watcher.missed();
    } catch (error) {
      this.#logger.warn({ err: error }, 'cannot subscribe to deleted sessions in Redis');
    }
  }

  /** The same function at every subscription: subscribing it again does not call it twice. */
  readonly #onDeleted = (connectId: string): void => {
    for (const watcher of this.#watchers) watcher.deleted(connectId);
  };
}

/** The sessions of the service: create, get, acquire for a translation, list and delete them. */
import { randomBytes } from 'node:crypto';
import { GatewayError } from '../errors.js';
import { ActiveSessions, type Lease } from './active-sessions.js';
import { canonicalProfile, checkConflict, type Profile, type ProfileInput, type Session } from './profile.js';
import { makeProfile, type PromptDefaults } from './prompt.js';
import type { SessionStore } from './store.js';

export interface SessionOptions extends PromptDefaults {
  readonly ttlMs: number;
  /** Maximum number of live sessions, of all owners together. */
  readonly max: number;
}

const NOT_FOUND =
  'There is no such session: it expired, was deleted or never existed. Leave out connectId to get a new one.';

export class SessionRegistry {
  readonly #store: SessionStore;
  readonly #options: SessionOptions;
  readonly #active: ActiveSessions;

  constructor(store: SessionStore, options: SessionOptions) {
    this.#store = store;
    this.#options = options;
    this.#active = new ActiveSessions(store);
    store.watch({
      deleted: (connectId) => {
        this.#active.abort(connectId);
      },
      missed: () => {
        this.#active.confirmAll();
      },
    });
  }

  /** @throws GatewayError `session-limit`, `invalid-request` (a malformed tag), `store-unavailable` */
  create(owner: string, input: ProfileInput, ttlMs = this.#options.ttlMs): Promise<Session> {
    return this.#make(newConnectId(), owner, input, ttlMs);
  }

  /** @throws GatewayError `session-not-found`, for another owner's session too; `store-unavailable` */
  async get(owner: string, connectId: string): Promise<Session> {
    const session = isConnectId(connectId) ? await this.#store.get(connectId) : undefined;
    if (session?.owner !== owner) throw new GatewayError('session-not-found', NOT_FOUND);
    return session;
  }

  /**
   * The profile that a translation with this input would have, without a new session.
   *
   * @throws GatewayError `session-not-found`, `session-conflict`, `invalid-request`, `store-unavailable`
   */
  async profileOf(owner: string, connectId: string | undefined, input: ProfileInput): Promise<Profile> {
    const canonical = canonicalProfile(input);
    if (connectId === undefined) return makeProfile(canonical, this.#options);
    const session = await this.get(owner, connectId);
    checkConflict(session, canonical);
    return session;
  }

  /**
   * The owner's sessions, newest first.
   * @param cursor the `nextCursor` of an earlier page.
   * @throws GatewayError `invalid-request` (an unknown cursor), `store-unavailable`
   */
  async list(
    owner: string,
    limit: number,
    cursor?: string,
  ): Promise<{ sessions: Session[]; nextCursor: string | null }> {
    const before = cursor === undefined ? undefined : readCursor(cursor);
    const { sessions, next } = await this.#store.list(owner, limit, before);
    return { sessions, nextCursor: next === null ? null : writeCursor(next) };
  }

  /** Aborts the session's leases on every node. @throws GatewayError `session-not-found`, `store-unavailable` */
  async delete(owner: string, connectId: string): Promise<void> {
    await this.get(owner, connectId);
    if (!(await this.#store.delete(connectId))) throw new GatewayError('session-not-found', NOT_FOUND);
  }

  /**
   * Leases the session for one translation: the one named, or a new one with the service's ttl. Either way it expires a
   * whole ttl from now at the earliest.
   * @param abort aborted with GatewayError `session-closed` when the session is deleted before the lease is released.
   * @throws GatewayError `session-not-found`, `session-conflict`, `session-limit`, `invalid-request`,
   *   `store-unavailable`
   */
  async acquire(
    owner: string,
    connectId: string | undefined,
    input: ProfileInput,
    abort = new AbortController(),
  ): Promise<Lease> {
    const id = connectId ?? newConnectId();
    const lease = this.#active.lease(id, connectId === undefined, abort);
    try {
      const session =
        connectId === undefined
          ? await this.#make(id, owner, input, this.#options.ttlMs)
          : await this.#use(owner, id, input);
      if (session === undefined) throw new GatewayError('session-not-found', NOT_FOUND);
      lease.begin(session);
      return lease;
    } catch (error) {
      lease.release();
      throw error;
    }
  }

  check(): Promise<{ ok: boolean; detail: string }> {
    return this.#store.check();
  }

  count(): Promise<number> {
    return this.#store.count();
  }

  /** Live sessions as last known, without waiting; null while the store cannot be reached. */
  lastCount(): number | null {
    return this.#store.lastCount();
  }

  /** For shutdown, after the last translation has ended. May be called twice. */
  async close(): Promise<void> {
    this.#active.close();
    await this.#store.close();
  }

  async #make(connectId: string, owner: string, input: ProfileInput, ttlMs: number): Promise<Session> {
    const profile = makeProfile(canonicalProfile(input), this.#options);
    const result = await this.#store.put({ connectId, owner, ...profile, ttlMs }, this.#options.max);
    if (result.kind === 'stored') return result.session;
    throw new GatewayError(
      'session-limit',
      `All ${this.#options.max} sessions are taken. Use one that exists, delete one, or wait until one expires.`,
      { retryAfterMs: result.retryAfterMs },
    );
  }

  /** A conflicting profile is refused before the session counts as used; most requests send no profile at all. */
  #use(owner: string, connectId: string, input: ProfileInput): Promise<Session | undefined> {
    if (!isConnectId(connectId)) return Promise.resolve(undefined);
    if (Object.keys(input).length === 0) return this.#store.touch(connectId, owner);
    return this.get(owner, connectId).then((found) => {
      checkConflict(found, canonicalProfile(input));
      return this.#store.touch(connectId, owner);
    });
  }
}

function newConnectId(): string {
  return randomBytes(16).toString('hex');
}

function isConnectId(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text);
}

function writeCursor(order: number): string {
  return Buffer.from(String(order)).toString('base64url');
}

function readCursor(cursor: string): number {
  const order = Buffer.from(cursor, 'base64url').toString('latin1');
  if (/^\d{1,15}$/.test(order)) return Number(order);
  throw new GatewayError(
    'invalid-request',
    'The cursor is not valid. Send nextCursor exactly as it was returned.',
    {
      errors: [{ pointer: '/cursor', detail: 'must be the nextCursor of an earlier response.' }],
    },
  );
}

/** Sessions as the rest of the service knows them: made, found, held while they translate, listed, deleted. */
import { randomBytes } from 'node:crypto';
import { GatewayError } from '../errors.js';
import { ActiveSessions, type Hold } from './active-sessions.js';
import { canonicalProfile, checkConflict, type ProfileInput, type Session } from './profile.js';
import { makeProfile, type PromptDefaults } from './prompt.js';
import type { SessionStore } from './store.js';

export interface SessionOptions extends PromptDefaults {
  readonly ttlMs: number;
  /** Most live sessions of all owners. */
  readonly max: number;
}

/** One translation's hold on its session. Whoever takes a lease releases it, however the translation ends. */
export class Lease {
  /** As it was when the lease began. */
  readonly session: Session;
  /** Whether this very request made the session. */
  readonly created: boolean;
  readonly #store: SessionStore;
  readonly #hold: Hold;

  constructor(store: SessionStore, hold: Hold, session: Session, created: boolean) {
    this.session = session;
    this.created = created;
    this.#store = store;
    this.#hold = hold;
  }

  /**
   * Who is told, with GatewayError `session-closed`, when the session is deleted, on this node or another; at once if it
   * was already. Each call takes the place of the one before.
   */
  onDeleted(tell: (closed: GatewayError) => void): void {
    this.#hold.onDeleted(tell);
  }

  /**
   * Counts the translation and slides the expiry. Resolves too where the session has just gone. Whoever asks for the session
   * after this call, on the same node, is told the new count, though the promise be pending still.
   */
  complete(): Promise<unknown> {
    return this.#store.complete(this.session.connectId);
  }

  /**
   * Releases the lease and removes the session if this very request made it, for a client that never learned its
   * id. Never rejects: what a store that is away cannot remove expires by itself.
   */
  async discard(): Promise<void> {
    this.release();
    if (this.created) await this.#store.delete(this.session.connectId).catch(isStoreAway);
  }

  /** May be called twice, and after `discard`. */
  release(): void {
    this.#hold.release();
  }
}

const NOT_FOUND =
  'There is no such session: it expired, was deleted or never was. Leave out connectId to get a new one.';

export class SessionRegistry {
  readonly #store: SessionStore;
  readonly #options: SessionOptions;
  readonly #leases: ActiveSessions;

  constructor(store: SessionStore, options: SessionOptions) {
    this.#store = store;
    this.#options = options;
    this.#leases = new ActiveSessions((connectId) => store.touch(connectId));
    store.watch({
      deleted: (connectId) => {
        this.#leases.end(connectId);
      },
      missed: () => {
        this.#leases.confirmAll();
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
   * The owner's sessions, newest first.
   * @param cursor the `nextCursor` of an earlier page.
   * @throws GatewayError `invalid-request` (a cursor that is none of ours), `store-unavailable`
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

  /** Leases of it end on every node. @throws GatewayError `session-not-found`, `store-unavailable` */
  async delete(owner: string, connectId: string): Promise<void> {
    await this.get(owner, connectId);
    if (!(await this.#store.delete(connectId))) throw new GatewayError('session-not-found', NOT_FOUND);
  }

  /**
   * The session for one translation: the one named, or a new one with the service's ttl. Either way it expires a
   * whole ttl from now at the earliest.
   * @throws GatewayError `session-not-found`, `session-conflict`, `session-limit`, `invalid-request`,
   *   `store-unavailable`
   */
  async acquire(owner: string, connectId: string | undefined, input: ProfileInput): Promise<Lease> {
    const id = connectId ?? newConnectId();
    const hold = this.#leases.hold(id);
    try {
      const session =
        connectId === undefined
          ? await this.#make(id, owner, input, this.#options.ttlMs)
          : await this.#use(owner, id, input);
      if (session === undefined) throw new GatewayError('session-not-found', NOT_FOUND);
      hold.keep(session.ttlMs);
      return new Lease(this.#store, hold, session, connectId === undefined);
    } catch (error) {
      hold.release();
      throw error;
    }
  }

  check(): Promise<{ ok: boolean; detail: string }> {
    return this.#store.check();
  }

  count(): Promise<number> {
    return this.#store.count();
  }

  /** Live sessions as last known, at once; null while the store cannot be asked. */
  lastCount(): number | null {
    return this.#store.lastCount();
  }

  /** For the end of the process, when nothing is translated any longer. May be called twice. */
  async close(): Promise<void> {
    this.#leases.close();
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

  /** A wish that conflicts is refused before the session counts as used; most say nothing that could. */
  #use(owner: string, connectId: string, input: ProfileInput): Promise<Session | undefined> {
    if (!isConnectId(connectId)) return Promise.resolve(undefined);
    if (Object.keys(input).length === 0) return this.#store.touch(connectId, owner);
    return this.get(owner, connectId).then((found) => {
      checkConflict(found, canonicalProfile(input));
      return this.#store.touch(connectId, owner);
    });
  }
}

function isStoreAway(error: unknown): boolean {
  if (error instanceof GatewayError && error.code === 'store-unavailable') return true;
  throw error;
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
    'The cursor is none of ours. Pass on nextCursor as it was given.',
    {
      errors: [{ pointer: '/cursor', detail: 'must be the nextCursor of an earlier answer.' }],
    },
  );
}

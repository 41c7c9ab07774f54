/** Where sessions are kept. Memory and Redis do it behind this interface, and pass one contract suite. */
import type { Profile, Session } from './profile.js';

/** A session before the store has given it its times. */
export interface SessionDraft extends Profile {
  readonly connectId: string;
  readonly owner: string;
  readonly ttlMs: number;
}

export type PutResult =
  | { readonly kind: 'stored'; readonly session: Session }
  /** No room; the first live session expires in so many milliseconds, unless it is used before. */
  | { readonly kind: 'full'; readonly retryAfterMs: number };

export interface SessionPage {
  readonly sessions: Session[];
  /** Where the next page begins, for `before`; null where this one was the last. */
  readonly next: number | null;
}

/** Told about sessions that were deleted, on this node or another. */
export interface DeletionWatcher {
  deleted(connectId: string): void;
  /** Deletions may have gone unnoticed; whoever must know asks for the sessions again. */
  missed(): void;
}

/**
 * The store is the clock: it sets every time of a session. An expired session is as good as none in every answer.
 * A session that was handed out does not change. Every method rejects with GatewayError `store-unavailable` where the store
 * is away, and does so within a second or two.
 */
export interface SessionStore {
  get(connectId: string): Promise<Session | undefined>;
  /** Keeps a new session if fewer than `max` live; the count and the keeping are one step. */
  put(draft: SessionDraft, max: number): Promise<PutResult>;
  /**
   * The session is in use: it expires a whole ttl from now. Undefined where there is none.
   * @param owner absent: whosever it is; else another owner's is as good as none, and stays as it was.
   */
  touch(connectId: string, owner?: string): Promise<Session | undefined>;
  /** As `touch`, and one more request has completed. */
  complete(connectId: string): Promise<Session | undefined>;
  /** Whether there was one. Watchers are told, on every node. */
  delete(connectId: string): Promise<boolean>;
  /** The owner's sessions, newest first; `before` continues after an earlier page, whatever has gone since. */
  list(owner: string, limit: number, before?: number): Promise<SessionPage>;
  /** Live sessions of all owners. */
  count(): Promise<number>;
  /** As `count`, but at once: as it was when it was last known, or null. What is not known exactly is counted anew behind the answer. */
  lastCount(): number | null;
  watch(watcher: DeletionWatcher): void;
  /** Whether the store can work; never rejects. */
  check(): Promise<{ ok: boolean; detail: string }>;
  /** May be called twice. */
  close(): Promise<void>;
}

/** The interface of session stores. Memory and Redis implement it and pass the same contract suite. */
import type { Profile, Session } from './profile.js';

/** A session before the store has set its times. */
export interface SessionDraft extends Profile {
  readonly connectId: string;
  readonly owner: string;
  readonly ttlMs: number;
}

export type PutResult =
  | { readonly kind: 'stored'; readonly session: Session }
  /** The store is full; the first live session expires in `retryAfterMs`, unless it is used before. */
  | { readonly kind: 'full'; readonly retryAfterMs: number };

export interface SessionPage {
  readonly sessions: Session[];
  /** `before` of the next page; null on the last one. */
  readonly next: number | null;
}

/** Notified of sessions that were deleted, on this node or another. */
export interface DeletionWatcher {
  deleted(connectId: string): void;
  /** Deletions may have been missed; the watcher must look its sessions up again. */
  missed(): void;
}

/**
 * The store's clock sets every time of a session. An expired session is never returned, and a returned one never changes.
 * Every method rejects with GatewayError `store-unavailable` within a second or two while the store cannot be reached.
 */
export interface SessionStore {
  get(connectId: string): Promise<Session | undefined>;
  /** Stores a new session if fewer than `max` are live; atomic. */
  put(draft: SessionDraft, max: number): Promise<PutResult>;
  /**
   * Marks the session as used: it expires a whole ttl from now. Undefined if it does not exist.
   * @param owner if given, another owner's session counts as missing and stays unchanged.
   */
  touch(connectId: string, owner?: string): Promise<Session | undefined>;
  /** Like `touch`, and counts one more completed request. */
  complete(connectId: string): Promise<Session | undefined>;
  /** Resolves to whether it existed. Watchers are notified on every node. */
  delete(connectId: string): Promise<boolean>;
  /** The owner's sessions, newest first; `before` continues after an earlier page, whatever was removed since. */
  list(owner: string, limit: number, before?: number): Promise<SessionPage>;
  /** Live sessions of all owners. */
  count(): Promise<number>;
  /** The last known count, without waiting, or null. A count that may be stale is refreshed in the background. */
  lastCount(): number | null;
  watch(watcher: DeletionWatcher): void;
  /** Whether the store works; never rejects. */
  check(): Promise<{ ok: boolean; detail: string }>;
  /** May be called twice. */
  close(): Promise<void>;
}

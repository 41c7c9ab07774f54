/** What a caller may say about a session; absent fields take the service's defaults. */
export interface ProfileWish {
  prompt?: string;
  /** BCP 47 in canonical form; `auto` arrives here as absent. */
  source?: string;
  target?: string;
  voice?: string;
}

/** A session: who may use it, with which prompt, for how long. No socket belongs to it. Times are epoch milliseconds. */
export interface Session {
  /** 128 random bits as 32 lower-case hex digits. */
  connectId: string;
  /** Opaque id of the API key that made it (never the key); one fixed value where the service is open. */
  owner: string;
  /** The prompt as sent upstream, whether given or made from the languages. */
  prompt: string;
  source: string | null;
  target: string | null;
  voice: string | null;
  createdAt: number;
  lastUsedAt: number;
  expiresAt: number;
  ttlMs: number;
  /** Translations that completed. */
  requests: number;
}

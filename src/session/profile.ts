/** What a session is, and what a caller may say about one. */
import { GatewayError, type FieldFault } from '../errors.js';
import { canonicalTag } from './languages.js';

/** What a caller may say about a session; absent fields take the service's defaults. */
export interface ProfileInput {
  prompt?: string;
  /** BCP 47 in any spelling; `auto` equals absent. */
  source?: string;
  /** BCP 47 in any spelling. */
  target?: string;
  voice?: string;
}

/** The part of a session that never changes. Tags are in canonical form. */
export interface Profile {
  /** The prompt as sent upstream, whether given or made from the languages. */
  prompt: string;
  source: string | null;
  target: string | null;
  voice: string | null;
}

/**
 * A session as it was when it was asked for: who may use it, with which prompt, for how long. No socket belongs to it.
 * Times are epoch milliseconds.
 */
export interface Session extends Readonly<Profile> {
  /** 128 random bits as 32 lower-case hex digits. */
  readonly connectId: string;
  /** Opaque id of the API key that made it (never the key); one fixed value where the service is open. */
  readonly owner: string;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  readonly expiresAt: number;
  readonly ttlMs: number;
  /** Translations that completed. */
  readonly requests: number;
}

/**
 * The wish with its tags in canonical form and without `auto`.
 * @throws GatewayError `invalid-request` naming every field that holds no BCP 47 tag.
 */
export function canonicalProfile(input: ProfileInput): ProfileInput {
  const { source, target, ...rest } = input;
  const faults: FieldFault[] = [];
  const canonical = (pointer: string, tag: string): string => {
    const found = canonicalTag(tag);
    if (found === undefined)
      faults.push({ pointer, detail: 'must be a BCP 47 language tag like en or pt-BR.' });
    return found ?? tag;
  };
  const read: ProfileInput = {
    ...rest,
    ...(source !== undefined && source.toLowerCase() !== 'auto' && { source: canonical('/source', source) }),
    ...(target !== undefined && { target: canonical('/target', target) }),
  };
  if (faults.length > 0) {
    throw new GatewayError('invalid-request', 'A language is not named by a BCP 47 tag.', { errors: faults });
  }
  return read;
}

/**
 * A session's profile never changes: whoever names a session may leave its fields out or repeat them, no more.
 * @param input in canonical form; what it leaves out never conflicts.
 * @throws GatewayError `session-conflict` naming the fields that differ.
 */
export function checkConflict(profile: Profile, input: ProfileInput): void {
  const fields = ['prompt', 'source', 'target', 'voice'] as const;
  const differing = fields.filter((field) => input[field] !== undefined && input[field] !== profile[field]);
  if (differing.length === 0) return;
  throw new GatewayError(
    'session-conflict',
    `The session was made with another ${differing.join(' and ')}. ` +
      `Leave out what differs, or leave out connectId to get a new session.`,
    {
      errors: differing.map((field) => ({
        pointer: `/${field}`,
        detail: `differs from the session's, which is ${profile[field] === null ? 'not set' : `"${profile[field]}"`}.`,
      })),
    },
  );
}

/** What a session is: its profile, which never changes, and its state. */
import { GatewayError, type FieldFault } from '../errors.js';
import { canonicalTag } from './languages.js';

/** The most Unicode code points that a prompt may have. */
export const MAX_PROMPT_CHARS = 8_000;

/** Every field of a profile; stores, schemas and checks go by this list. */
export const PROFILE_FIELDS = ['prompt', 'source', 'target', 'voice'] as const;

export type ProfileField = (typeof PROFILE_FIELDS)[number];

/**
 * What a caller may set of a profile; absent fields take the service's defaults. `source` and `target` are BCP 47 tags in
 * any spelling; a `source` of `auto` equals absent.
 */
export type ProfileInput = Partial<Record<ProfileField, string>>;

/** The part of a session that never changes: tags in canonical form, the prompt as sent upstream. */
export type Profile = { [Field in ProfileField]: Field extends 'prompt' ? string : string | null };

/** The fields of a profile that are set, out of an object that may have others. */
export function pickProfile(fields: Partial<Record<ProfileField, string | undefined>>): ProfileInput {
  const input: ProfileInput = {};
  for (const field of PROFILE_FIELDS) {
    const value = fields[field];
    if (value !== undefined) input[field] = value;
  }
  return input;
}

/** A snapshot of a session: who may use it, with which profile, for how long. No socket belongs to it. Times are epoch ms. */
export interface Session extends Readonly<Profile> {
  /** 128 random bits as 32 lower-case hex digits. */
  readonly connectId: string;
  /** Opaque id of the API key that made it (never the key); one fixed value if the service is open. */
  readonly owner: string;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  readonly expiresAt: number;
  readonly ttlMs: number;
  /** Translations that completed. */
  readonly requests: number;
}

/** The session after a use. Field by field, because a spread takes 0.3 to 0.8 µs instead of 0.02. */
export function usedSession(session: Session, now: number, completed: number): Session {
  return {
    connectId: session.connectId,
    owner: session.owner,
    prompt: session.prompt,
    source: session.source,
    target: session.target,
    voice: session.voice,
    createdAt: session.createdAt,
    lastUsedAt: now,
    expiresAt: now + session.ttlMs,
    ttlMs: session.ttlMs,
    requests: session.requests + completed,
  };
}

/**
 * The input with its tags in canonical form and without `auto`.
 * @throws GatewayError `invalid-request` naming every field that is not a BCP 47 tag.
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
    throw new GatewayError('invalid-request', 'A language is not a BCP 47 tag.', { errors: faults });
  }
  return read;
}

/**
 * A request in an existing session may leave the profile's fields out or repeat them, but not change them.
 * @param input in canonical form; absent fields never conflict.
 * @throws GatewayError `session-conflict` naming the fields that differ.
 */
export function checkConflict(profile: Profile, input: ProfileInput): void {
  const differing = PROFILE_FIELDS.filter(
    (field) => input[field] !== undefined && input[field] !== profile[field],
  );
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

/** The profiles of one recording: the session's, and one for each further target. */
import { GatewayError } from '../errors.js';
import { makeProfile } from '../session/prompt.js';
import type { RequestProfile } from '../translate/upstream-request.js';

/**
 * @param targets BCP 47, the first one the session's.
 * @throws GatewayError `invalid-request` if the session has a prompt of its own: it is the only instruction, and would be
 *   the same for every target.
 */
export function profilesOf(
  session: RequestProfile,
  targets: readonly string[],
): [RequestProfile, ...RequestProfile[]] {
  const [, ...further] = targets;
  if (further.length === 0) return [session];
  const { source, voice } = session;
  const profileTo = (target: string): RequestProfile =>
    makeProfile(
      { ...(source !== null && { source }), ...(voice !== null && { voice }), target },
      NO_DEFAULTS,
    );
  if (session.target === null || profileTo(session.target).prompt !== session.prompt) {
    const detail =
      '`prompt` is the only instruction, so it cannot serve several targets; leave it out, or send one `target`.';
    throw new GatewayError('invalid-request', detail, { errors: [{ pointer: '/target', detail }] });
  }
  return [session, ...further.map(profileTo)];
}

/** A profile with a target never uses the default prompt. */
const NO_DEFAULTS = { defaultPrompt: '' };

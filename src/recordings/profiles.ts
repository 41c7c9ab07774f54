/** The profiles of one recording: the session's, and one for each further target. */
import { GatewayError } from '../errors.js';
import { makeProfile } from '../session/prompt.js';
import type { RequestProfile } from '../translate/upstream-request.js';

/**
 * @param targets BCP 47, the first one the session's.
 * @throws GatewayError `invalid-request` where the session's prompt is not made from its languages: a prompt instructs alone,
 *   and would be the same for every target.
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
      '`prompt` instructs alone and knows no further language; leave it out, or send one `target`.';
    throw new GatewayError('invalid-request', detail, { errors: [{ pointer: '/target', detail }] });
  }
  return [session, ...further.map(profileTo)];
}

/** With a target there is nothing to fall back to. */
const NO_DEFAULTS = { defaultPrompt: '' };

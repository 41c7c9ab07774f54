/** What a client may send to an upstream session that the service pays for. */
import type { ClientEvent, Dialect, Fault, SessionSettings } from '../wire/index.js';

export const ALLOWED_EVENTS: ReadonlySet<ClientEvent['type']> = new Set([
  'buffer.append',
  'buffer.commit',
  'buffer.clear',
  'item.create',
  'item.delete',
  'item.truncate',
  'response.create',
  'response.cancel',
  'session.configure',
]);

/** The fields of a session that a client may change, each with a value. Model, formats, tools and limits stay ours. */
export const CHANGEABLE_FIELDS = {
  instructions: '',
  voice: '',
  turnDetection: null,
  transcription: null,
} as const satisfies SessionSettings;

export type PolicyDecision =
  { pass: true; frame: string; event: ClientEvent } | { pass: false; fault: Fault };

/**
 * Passes a frame as it is or rejects it as a whole.
 *
 * @param frame bytes stand for a binary frame, which is malformed
 */
export function checkPolicy(frame: string | Uint8Array, dialect: Dialect): PolicyDecision {
  const decoded = dialect.decodeClient(frame);
  if (decoded.kind === 'malformed')
    return rejectEvent(decoded.code, decoded.reason, decoded.eventId, decoded.param);
  if (decoded.kind === 'ignored' || typeof frame !== 'string') return forbiddenEvent(undefined);
  const { event } = decoded;
  if (!ALLOWED_EVENTS.has(event.type)) return forbiddenEvent(event.eventId);
  if (event.type === 'session.configure') {
    const fields = [...Object.keys(event.session), ...(event.droppedFields ?? [])];
    const forbidden = fields.find((name) => !Object.hasOwn(CHANGEABLE_FIELDS, name));
    if (forbidden !== undefined) {
      const message = `Only instructions, voice, turn detection and transcription can be changed here, not ${forbidden}.`;
      return rejectEvent('forbidden_parameter', message, event.eventId, 'session');
    }
  }
  return { pass: true, frame, event };
}

function forbiddenEvent(eventId: string | undefined): PolicyDecision {
  return rejectEvent('forbidden_event', 'This event is not allowed here.', eventId, 'type');
}

function rejectEvent(
  code: string,
  message: string,
  causedBy: string | undefined,
  param: string | undefined,
): PolicyDecision {
  return {
    pass: false,
    fault: {
      type: 'fault',
      kind: 'invalid_request_error',
      code,
      message,
      ...(param !== undefined && { param }),
      ...(causedBy !== undefined && { causedBy }),
    },
  };
}

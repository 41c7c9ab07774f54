/** What a browser may say to a session that we pay for. */
import type { ClientEvent, Decoded, Fault, SessionSettings } from '../wire/index.js';

const ALLOWED: ReadonlySet<ClientEvent['type']> = new Set([
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

/** The rest of a session is ours: its model, formats, tools and limits. */
const CHANGEABLE: ReadonlySet<string> = new Set<keyof SessionSettings>([
  'instructions',
  'voice',
  'turnDetection',
  'transcription',
]);

export type Verdict = { pass: true; event: ClientEvent } | { pass: false; fault: Fault };

/** A frame is passed on whole or refused whole. */
export function judge(decoded: Decoded<ClientEvent>): Verdict {
  if (decoded.kind === 'malformed') {
    return refuse(decoded.code, decoded.reason, decoded.eventId, decoded.param);
  }
  if (decoded.kind === 'ignored') return forbidden(decoded.eventId, 'type');
  const { event } = decoded;
  if (!ALLOWED.has(event.type)) return forbidden(event.eventId, 'type');
  if (event.type === 'session.configure') {
    const named = [...Object.keys(event.session), ...(event.unheld ?? [])];
    const foreign = named.find((name) => !CHANGEABLE.has(name));
    if (foreign !== undefined) {
      const message = `Of the session only instructions, voice, turn detection and transcription can be changed here, not ${foreign}.`;
      return refuse('forbidden_parameter', message, event.eventId, `session.${foreign}`);
    }
  }
  return { pass: true, event };
}

function forbidden(eventId: string | undefined, param: string): Verdict {
  return refuse('forbidden_event', 'This event is not let through here.', eventId, param);
}

function refuse(
  code: string,
  message: string,
  causedBy: string | undefined,
  param: string | undefined,
): Verdict {
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

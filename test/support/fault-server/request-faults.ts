/** Faults of a single response: `script.requests.next(fail('server_error', { after: 2 }))`. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClientEvent, Fault, ServerEvent } from '../../../src/wire/index.js';
import { endConnection, connectionError as errorEvent, type DropMode } from './connection-faults.js';
import type { Peer } from '../../../src/offline/server/hooks.js';
import { ResponderError } from '../../../src/offline/server/errors.js';
import type { ResponderEvent } from '../../../src/offline/server/responder.js';

type ScriptedAnswer = AsyncIterable<ResponderEvent>;

export interface RequestFault {
  /** An `error` instead of a response. */
  refusal?(event: ClientEvent): Fault;
  /** Intercepts the request: unless it calls `serve`, the request is never answered. */
  received?(peer: Peer, event: ClientEvent, serve: () => void): void;
  /** Intercepts the events from `response.started` to `response.finished`. */
  sending?(peer: Peer, event: ServerEvent, send: (event: ServerEvent) => void): void;
  /** Transforms the answer. The signal cancels its timers. */
  answer?(peer: Peer, answer: ScriptedAnswer, signal: AbortSignal): ScriptedAnswer;
  /** Cancelling this response has no effect. */
  readonly ignoresCancel?: boolean;
}

/** After how many deltas; absent: after `response.created`, before the first delta. */
interface When {
  after?: number;
}

/** Delays before `response.created`, before the first delta and between deltas; an absent one is 0. */
export function slow(
  delays: { createdMs?: number; firstMs?: number; betweenMs?: number },
  options: { ignoresCancel?: boolean } = {},
): RequestFault {
  return {
    ...options,
    received(peer, _event, serve) {
      if (delays.createdMs === undefined) serve();
      else peer.after(delays.createdMs, serve);
    },
    async *answer(_peer, answer, signal) {
      let waitMs = delays.firstMs;
      for await (const event of answer) {
        if (waitMs !== undefined) await delay(waitMs, undefined, { signal });
        waitMs = delays.betweenMs;
        yield event;
      }
    },
  };
}

/** Ignores `response.create`: sends no event. */
export function ignore(): RequestFault {
  return { received: () => undefined };
}

/** Stops sending while the response is running. */
export function hang({
  after = 0,
  ignoresCancel = false,
}: When & { ignoresCancel?: boolean } = {}): RequestFault {
  return {
    ignoresCancel,
    answer: (_peer, answer, signal) => interrupted(answer, after, () => untilAborted(signal)),
  };
}

/** Stops until `release` is called, so that a test can look at a response under way however long that takes. */
export function held({ after = 0 }: When = {}): RequestFault & { release(): void } {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  return {
    release,
    async *answer(_peer, answer, signal) {
      let seen = 0;
      for await (const event of answer) {
        if (seen++ === after) await Promise.race([released, untilAborted(signal)]);
        if (signal.aborted) return;
        yield event;
      }
    },
  };
}

/** Drops the socket: at the request, after `response.created`, or after this many deltas. */
export function drop(at: 'request' | 'created' | number, how: DropMode = 'cut'): RequestFault {
  if (at === 'request') {
    return {
      received(peer) {
        endConnection(peer, how);
      },
    };
  }
  return {
    answer: (peer, answer, signal) =>
      interrupted(answer, at === 'created' ? 0 : at, async () => {
        await flushed();
        endConnection(peer, how);
        await untilAborted(signal);
      }),
  };
}

/** Ends as `failed`: `server_error`, `rate_limit_exceeded`, `insufficient_quota`, `unsupported_language`… */
export function fail(code = 'server_error', { after = 0 }: When = {}): RequestFault {
  return { answer: (_peer, answer) => interrupted(answer, after, () => reject(code, 'failed')) };
}

export function incomplete(
  reason: 'max_output_tokens' | 'content_filter',
  { after = 1 }: When = {},
): RequestFault {
  return { answer: (_peer, answer) => interrupted(answer, after, () => reject(reason, 'incomplete')) };
}

/** Ends as `cancelled` although the client did not cancel. */
export function cancelUnasked(
  reason: 'turn_detected' | 'client_cancelled' = 'turn_detected',
  { after = 1 }: When = {},
): RequestFault {
  return {
    ...incomplete('content_filter', { after }),
    sending(_peer, event, send) {
      if (event.type !== 'response.finished') {
        send(event);
        return;
      }
      send({ ...event, response: { ...event.response, status: 'cancelled', reason } });
    },
  };
}

/** An `error` instead of a response; `named: false` leaves its `event_id` null. */
export function requestError(code: string, options: { named?: boolean } = {}): RequestFault {
  return {
    refusal: ({ eventId }) =>
      errorEvent(code, `The server says ${code}.`, options.named === false ? undefined : eventId),
  };
}

/** Inserts raw frames after this many deltas. */
export function insert(frames: readonly string[], { after = 1 }: When = {}): RequestFault {
  return {
    async *answer(peer, answer) {
      let seen = 0;
      for await (const event of answer) {
        if (seen++ === after) for (const frame of frames) peer.sendRaw(frame);
        yield event;
      }
      if (seen <= after) for (const frame of frames) peer.sendRaw(frame);
    },
  };
}

/** Frames that are no JSON, no object, or lack what their type needs. */
export const malformedFrames = (when?: When): RequestFault =>
  insert(['{"type":"response.', '[]', '{"event_id":"e"}', '{"type":"response.done","event_id":"e"}'], when);

/** A well-formed event of a type that nobody knows. */
export const unknownEvent = (when?: When): RequestFault =>
  insert(['{"type":"response.dreamt","event_id":"event_1","dream":{"of":"sheep"}}'], when);

/** Deltas and an end of a response that was never created. */
export function foreignResponse({ after = 1 }: When = {}): RequestFault {
  const place = { responseId: 'resp_foreign', itemId: 'item_foreign', outputIndex: 0, contentIndex: 0 };
  return {
    async *answer(peer, answer) {
      let seen = 0;
      for await (const event of answer) {
        if (seen++ === after) {
          peer.send({ type: 'text.delta', ...place, delta: 'not yours' });
          peer.send({
            type: 'response.finished',
            response: { id: place.responseId, status: 'completed', output: [] },
          });
        }
        yield event;
      }
    },
  };
}

/** Says `response.created` twice. */
export function createdTwice(): RequestFault {
  return {
    sending(_peer, event, send) {
      send(event);
      if (event.type === 'response.started') send(event);
    },
  };
}

/** Where an answer's text is said whole once more: the text itself, its part, its item, the response. */
type Repetition = 'text' | 'part' | 'item' | 'response';

/** Sends no delta of the text: it is said whole in these events alone, and nowhere where there are none. */
export function wholly(...said: readonly Repetition[]): RequestFault {
  return {
    sending(_peer, event, send) {
      switch (event.type) {
        case 'text.delta':
        case 'transcript.delta':
          return;
        case 'text.done':
        case 'transcript.done':
          if (said.includes('text')) send(event);
          return;
        case 'part.done':
          if (said.includes('part')) send(event);
          return;
        case 'output.done':
          if (said.includes('item')) send(event);
          return;
        case 'response.finished':
          send(said.includes('response') ? event : { ...event, response: { ...event.response, output: [] } });
          return;
        default:
          send(event);
      }
    },
  };
}

/** Does not echo the metadata, neither at the start nor at the end. */
export function withoutMetadata(): RequestFault {
  return {
    sending(_peer, event, send) {
      if (event.type !== 'response.started' && event.type !== 'response.finished') {
        send(event);
        return;
      }
      const response = { ...event.response };
      delete response.metadata;
      send({ ...event, response });
    },
  };
}

/** Lets so many deltas through, then does something; what follows never comes unless that returns. */
async function* interrupted(
  answer: ScriptedAnswer,
  after: number,
  action: () => Promise<void>,
): ScriptedAnswer {
  let left = after;
  if (left > 0) {
    for await (const event of answer) {
      yield event;
      if (--left === 0) break;
    }
  }
  await action();
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

/** A turn of the event loop, so that what was sent before a cut has left. */
function flushed(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function reject(code: string, status: 'failed' | 'incomplete'): Promise<never> {
  return Promise.reject(new ResponderError(code, `The script says ${code}.`, status));
}

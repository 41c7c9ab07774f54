/** Server events, written once for all dialects. */
import { randomUUID } from 'node:crypto';

import type { ContentPosition, ResponseView, ServerEvent, SessionView } from '../events.js';
import type { ServerEventNames } from '../names.js';
import { writeContentPart, writeItemView, type AssistantParts } from './items.js';
import { writeSamples } from './samples.js';

/** What a dialect calls or writes in its own way. */
interface ServerWriters<N extends ServerEventNames, S, R, T extends string, A extends string> {
  readonly names: N;
  readonly parts: AssistantParts<T, A>;
  readonly session: { writeView(session: SessionView): S };
  readonly response: { writeResponse(response: ResponseView): R };
}

/** As a literal: `names[type]` alone would be any string to the compiler, which holds these frames to the published types. */
function nameOf<N, K extends keyof N>(names: N, type: K): N[K] {
  return names[type];
}

/** @returns undefined if the dialect has no such event */
export function writeServerEvent<N extends ServerEventNames, S, R, T extends string, A extends string>(
  { names, parts, session, response }: ServerWriters<N, S, R, T, A>,
  event: ServerEvent,
) {
  const event_id = newEventId();
  switch (event.type) {
    case 'session.created':
    case 'session.updated':
      return { type: nameOf(names, event.type), event_id, session: session.writeView(event.session) };
    case 'item.added':
    case 'item.done': {
      const type = nameOf(names, event.type);
      if (type === undefined) return undefined;
      const item = writeItemView(event.item, parts);
      return { type, event_id, previous_item_id: event.previousItemId, item };
    }
    case 'item.retrieved':
      return { type: nameOf(names, event.type), event_id, item: writeItemView(event.item, parts) };
    case 'output.added':
    case 'output.done':
      return {
        type: nameOf(names, event.type),
        event_id,
        response_id: event.responseId,
        output_index: event.outputIndex,
        item: writeItemView(event.item, parts),
      };
    case 'response.started':
    case 'response.finished':
      return { type: nameOf(names, event.type), event_id, response: response.writeResponse(event.response) };
    case 'text.delta':
    case 'transcript.delta':
      return { type: nameOf(names, event.type), event_id, ...writePosition(event), delta: event.delta };
    case 'text.done':
      return { type: nameOf(names, event.type), event_id, ...writePosition(event), text: event.text };
    case 'transcript.done':
      return { type: nameOf(names, event.type), event_id, ...writePosition(event), transcript: event.text };
    case 'audio.delta':
      return {
        type: nameOf(names, event.type),
        event_id,
        ...writePosition(event),
        delta: writeSamples(event.audio),
      };
    case 'audio.done':
      return { type: nameOf(names, event.type), event_id, ...writePosition(event) };
    default:
      return writeCommonEvent(names, event, event_id);
  }
}

function newEventId(): string {
  return `event_${randomUUID().replaceAll('-', '')}`;
}

function writePosition(position: ContentPosition) {
  return {
    response_id: position.responseId,
    item_id: position.itemId,
    output_index: position.outputIndex,
    content_index: position.contentIndex,
  };
}

/** What the published schema has limits of. */
const LIMITS = ['requests', 'tokens'] as const;

/** Events whose fields every dialect writes alike. */
type CommonEvent = Exclude<
  ServerEvent,
  | {
      type:
        'session.created' | 'session.updated' | 'response.started' | 'response.finished' | 'item.retrieved';
    }
  | { type: 'item.added' | 'item.done' | 'output.added' | 'output.done' | 'audio.delta' | 'audio.done' }
  | { type: 'text.delta' | 'text.done' | 'transcript.delta' | 'transcript.done' }
>;

function writeCommonEvent<N extends ServerEventNames>(names: N, event: CommonEvent, event_id: string) {
  switch (event.type) {
    case 'part.added':
    case 'part.done':
      return {
        type: nameOf(names, event.type),
        event_id,
        ...writePosition(event),
        part: writeContentPart(event.part),
      };
    case 'limits':
      return {
        type: nameOf(names, event.type),
        event_id,
        rate_limits: event.limits.flatMap(({ name, limit, remaining, resetSeconds }) => {
          const published = LIMITS.find((known) => known === name);
          return published ? [{ name: published, limit, remaining, reset_seconds: resetSeconds }] : [];
        }),
      };
    case 'fault': {
      const { kind, code, message, param = null, causedBy = null } = event;
      const error = { type: kind, code, message, param, event_id: causedBy };
      return { type: nameOf(names, event.type), event_id, error };
    }
    default:
      return writeInputEvent(names, event, event_id);
  }
}

/** Servers must name the cost of a transcription; ours, which does not count tokens, reports none. */
const NO_TOKENS = { type: 'tokens' as const, total_tokens: 0, input_tokens: 0, output_tokens: 0 };

type InputEvent = Exclude<CommonEvent, { type: 'part.added' | 'part.done' | 'limits' | 'fault' }>;

/** What becomes of a client's items and of its speech. */
function writeInputEvent<N extends ServerEventNames>(names: N, event: InputEvent, event_id: string) {
  if (event.type === 'buffer.cleared') return { type: nameOf(names, event.type), event_id };
  const item_id = event.itemId;
  switch (event.type) {
    case 'item.deleted':
      return { type: nameOf(names, event.type), event_id, item_id };
    case 'item.truncated': {
      const { contentIndex: content_index, audioEndMs: audio_end_ms } = event;
      return { type: nameOf(names, event.type), event_id, item_id, content_index, audio_end_ms };
    }
    case 'buffer.committed':
      return { type: nameOf(names, event.type), event_id, previous_item_id: event.previousItemId, item_id };
    case 'speech.started':
      return { type: nameOf(names, event.type), event_id, audio_start_ms: event.audioStartMs, item_id };
    case 'speech.stopped':
      return { type: nameOf(names, event.type), event_id, audio_end_ms: event.audioEndMs, item_id };
    case 'transcription.delta':
      return {
        type: nameOf(names, event.type),
        event_id,
        item_id,
        content_index: event.contentIndex,
        delta: event.delta,
      };
    case 'transcription.completed': {
      const { contentIndex: content_index, transcript, seconds } = event;
      const usage = seconds === undefined ? NO_TOKENS : { type: 'duration' as const, seconds };
      return { type: nameOf(names, event.type), event_id, item_id, content_index, transcript, usage };
    }
    case 'transcription.failed': {
      const { contentIndex: content_index, code, message } = event;
      const error = { type: 'transcription_error', code, message };
      return { type: nameOf(names, event.type), event_id, item_id, content_index, error };
    }
  }
}

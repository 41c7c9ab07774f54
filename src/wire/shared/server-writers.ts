/** What servers say in the same words in both dialects, as they write it. */
import { randomUUID } from 'node:crypto';

import type { ContentPosition, ServerEvent } from '../events.js';
import { writeContentPart } from './items.js';

/** Events whose names or contents differ between the dialects. */
type OwnEvent = {
  type:
    | 'session.created'
    | 'session.updated'
    | 'item.added'
    | 'item.done'
    | 'item.retrieved'
    | 'output.added'
    | 'output.done'
    | 'response.started'
    | 'response.finished'
    | 'text.delta'
    | 'text.done'
    | 'transcript.delta'
    | 'transcript.done'
    | 'audio.delta'
    | 'audio.done';
};

type CommonServerEvent = Exclude<ServerEvent, OwnEvent>;

export function newEventId(): string {
  return `event_${randomUUID().replaceAll('-', '')}`;
}

export function writePlace(place: ContentPosition) {
  return {
    response_id: place.responseId,
    item_id: place.itemId,
    output_index: place.outputIndex,
    content_index: place.contentIndex,
  };
}

const TRANSCRIPTION = 'conversation.item.input_audio_transcription';
/** What the schema knows limits of. */
const LIMITS = ['requests', 'tokens'] as const;
/** Servers must name the cost of a transcription; ours that do not count it say none. */
const NO_TOKENS = { type: 'tokens' as const, total_tokens: 0, input_tokens: 0, output_tokens: 0 };

export function writeCommonServerEvent(event: CommonServerEvent, event_id: string) {
  switch (event.type) {
    case 'item.deleted':
      return { type: 'conversation.item.deleted' as const, event_id, item_id: event.itemId };
    case 'item.truncated':
      return {
        type: 'conversation.item.truncated' as const,
        event_id,
        item_id: event.itemId,
        content_index: event.contentIndex,
        audio_end_ms: event.audioEndMs,
      };
    case 'buffer.committed':
      return {
        type: 'input_audio_buffer.committed' as const,
        event_id,
        previous_item_id: event.previousItemId,
        item_id: event.itemId,
      };
    case 'buffer.cleared':
      return { type: 'input_audio_buffer.cleared' as const, event_id };
    case 'speech.started':
      return {
        type: 'input_audio_buffer.speech_started' as const,
        event_id,
        audio_start_ms: event.audioStartMs,
        item_id: event.itemId,
      };
    case 'speech.stopped':
      return {
        type: 'input_audio_buffer.speech_stopped' as const,
        event_id,
        audio_end_ms: event.audioEndMs,
        item_id: event.itemId,
      };
    case 'transcription.delta':
      return {
        type: `${TRANSCRIPTION}.delta` as const,
        event_id,
        item_id: event.itemId,
        content_index: event.contentIndex,
        delta: event.delta,
      };
    case 'transcription.completed':
      return {
        type: `${TRANSCRIPTION}.completed` as const,
        event_id,
        item_id: event.itemId,
        content_index: event.contentIndex,
        transcript: event.transcript,
        usage:
          event.seconds === undefined ? NO_TOKENS : { type: 'duration' as const, seconds: event.seconds },
      };
    case 'transcription.failed':
      return {
        type: `${TRANSCRIPTION}.failed` as const,
        event_id,
        item_id: event.itemId,
        content_index: event.contentIndex,
        error: { type: 'transcription_error', code: event.code, message: event.message },
      };
    case 'part.added':
      return {
        type: 'response.content_part.added' as const,
        event_id,
        ...writePlace(event),
        part: writeContentPart(event.part),
      };
    case 'part.done':
      return {
        type: 'response.content_part.done' as const,
        event_id,
        ...writePlace(event),
        part: writeContentPart(event.part),
      };
    case 'limits':
      return {
        type: 'rate_limits.updated' as const,
        event_id,
        rate_limits: event.limits.flatMap(({ name, limit, remaining, resetSeconds }) => {
          const published = LIMITS.find((known) => known === name);
          return published ? [{ name: published, limit, remaining, reset_seconds: resetSeconds }] : [];
        }),
      };
    case 'fault':
      return {
        type: 'error' as const,
        event_id,
        error: {
          type: event.kind,
          code: event.code,
          message: event.message,
          param: event.param ?? null,
          event_id: event.causedBy ?? null,
        },
      };
  }
}

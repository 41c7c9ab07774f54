/** The Realtime protocol (GA names) as far as the page uses it: what it hears, and what it may say. */
import { isObject, parseObject, textOf } from '../api/json.js';

export type ServerEvent =
  | { readonly type: 'ready' }
  | { readonly type: 'speech-started' | 'speech-stopped'; readonly itemId: string }
  | { readonly type: 'person-delta' | 'person-done'; readonly itemId: string; readonly text: string }
  | { readonly type: 'person-unclear'; readonly itemId: string }
  | { readonly type: 'reply-started'; readonly responseId: string }
  | {
      readonly type: 'reply-text';
      readonly responseId: string;
      readonly itemId: string;
      readonly delta: string;
    }
  | {
      readonly type: 'reply-audio';
      readonly responseId: string;
      readonly itemId: string;
      readonly base64: string;
    }
  | {
      readonly type: 'reply-done';
      readonly responseId: string;
      readonly status: string;
      readonly code: string | undefined;
      readonly message: string | undefined;
    }
  | { readonly type: 'error'; readonly code: string; readonly message: string | undefined };

export type ClientEvent =
  | { readonly type: 'input_audio_buffer.append'; readonly audio: string }
  | {
      readonly type: 'conversation.item.create';
      readonly item: {
        readonly id: string;
        readonly type: 'message';
        readonly role: 'user';
        readonly content: readonly [{ readonly type: 'input_text'; readonly text: string }];
      };
    }
  | {
      readonly type: 'conversation.item.truncate';
      readonly item_id: string;
      readonly content_index: 0;
      readonly audio_end_ms: number;
    }
  | { readonly type: 'response.create' }
  | { readonly type: 'response.cancel' };

/** @returns nothing for the many events that the page has no use for. */
export function readEvent(frame: string): ServerEvent | undefined {
  const body = parseObject(frame);
  const text = (name: string) => textOf(body[name]) ?? '';
  const itemId = text('item_id');
  const responseId = text('response_id');
  switch (body.type) {
    case 'session.created':
      return { type: 'ready' };
    case 'input_audio_buffer.speech_started':
      return { type: 'speech-started', itemId };
    case 'input_audio_buffer.speech_stopped':
      return { type: 'speech-stopped', itemId };
    case 'conversation.item.input_audio_transcription.delta':
      return { type: 'person-delta', itemId, text: text('delta') };
    case 'conversation.item.input_audio_transcription.completed':
      return { type: 'person-done', itemId, text: text('transcript') };
    case 'conversation.item.input_audio_transcription.failed':
      return { type: 'person-unclear', itemId };
    case 'response.created':
      return { type: 'reply-started', responseId: textOf(inside(body.response).id) ?? '' };
    case 'response.output_text.delta':
    case 'response.output_audio_transcript.delta':
      return { type: 'reply-text', responseId, itemId, delta: text('delta') };
    case 'response.output_audio.delta':
      return { type: 'reply-audio', responseId, itemId, base64: text('delta') };
    case 'response.done':
      return readDone(inside(body.response));
    case 'error': {
      const error = inside(body.error);
      return { type: 'error', code: textOf(error.code) ?? '', message: textOf(error.message) };
    }
    default:
      return undefined;
  }
}

function readDone(response: Record<string, unknown>): ServerEvent {
  const details = inside(response.status_details);
  const error = inside(details.error);
  return {
    type: 'reply-done',
    responseId: textOf(response.id) ?? '',
    status: textOf(response.status) ?? '',
    code: textOf(error.code) ?? textOf(details.reason),
    message: textOf(error.message),
  };
}

function inside(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}

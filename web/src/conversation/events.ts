/** The part of the Realtime protocol (GA names) that the page uses. */
import { isObject, parseObject, nonEmptyString } from '../api/json.js';

export type ServerEvent =
  | {
      readonly type: 'ready';
      /** The silence that ends a turn, where the session detects turns. */
      readonly silenceMs: number | undefined;
    }
  | { readonly type: 'speech-started'; readonly itemId: string }
  | {
      readonly type: 'speech-stopped';
      readonly itemId: string;
      /** Offset in the sound that was sent, with the silence that ended the turn. */
      readonly audioEndMs: number | undefined;
    }
  | { readonly type: 'transcript-delta' | 'transcript-done'; readonly itemId: string; readonly text: string }
  | { readonly type: 'transcript-failed'; readonly itemId: string }
  | { readonly type: 'response-started'; readonly responseId: string }
  | {
      readonly type: 'response-text';
      readonly responseId: string;
      readonly itemId: string;
      readonly delta: string;
    }
  | {
      readonly type: 'response-audio';
      readonly responseId: string;
      readonly itemId: string;
      readonly base64: string;
    }
  | {
      readonly type: 'response-done';
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
  | {
      readonly type: 'session.update';
      readonly session: {
        readonly type: 'realtime';
        readonly audio: {
          readonly input: {
            readonly turn_detection: {
              readonly type: 'server_vad';
              readonly create_response: boolean;
              readonly interrupt_response: boolean;
            };
          };
        };
      };
    }
  | { readonly type: 'response.create' }
  | { readonly type: 'response.cancel' };

/** @returns undefined for events that the page does not use. */
export function parseEvent(frame: string): ServerEvent | undefined {
  const body = parseObject(frame);
  const text = (name: string) => nonEmptyString(body[name]) ?? '';
  const itemId = text('item_id');
  const responseId = text('response_id');
  switch (body.type) {
    case 'session.created':
      return { type: 'ready', silenceMs: silenceOf(objectOrEmpty(body.session)) };
    case 'input_audio_buffer.speech_started':
      return { type: 'speech-started', itemId };
    case 'input_audio_buffer.speech_stopped':
      return { type: 'speech-stopped', itemId, audioEndMs: numberOrNone(body.audio_end_ms) };
    case 'conversation.item.input_audio_transcription.delta':
      return { type: 'transcript-delta', itemId, text: text('delta') };
    case 'conversation.item.input_audio_transcription.completed':
      return { type: 'transcript-done', itemId, text: text('transcript') };
    case 'conversation.item.input_audio_transcription.failed':
      return { type: 'transcript-failed', itemId };
    case 'response.created':
      return { type: 'response-started', responseId: nonEmptyString(objectOrEmpty(body.response).id) ?? '' };
    case 'response.output_text.delta':
    case 'response.output_audio_transcript.delta':
      return { type: 'response-text', responseId, itemId, delta: text('delta') };
    case 'response.output_audio.delta':
      return { type: 'response-audio', responseId, itemId, base64: text('delta') };
    case 'response.done':
      return parseResponseDone(objectOrEmpty(body.response));
    case 'error': {
      const error = objectOrEmpty(body.error);
      return {
        type: 'error',
        code: nonEmptyString(error.code) ?? '',
        message: nonEmptyString(error.message),
      };
    }
    default:
      return undefined;
  }
}

function parseResponseDone(response: Record<string, unknown>): ServerEvent {
  const details = objectOrEmpty(response.status_details);
  const error = objectOrEmpty(details.error);
  return {
    type: 'response-done',
    responseId: nonEmptyString(response.id) ?? '',
    status: nonEmptyString(response.status) ?? '',
    code: nonEmptyString(error.code) ?? nonEmptyString(details.reason),
    message: nonEmptyString(error.message),
  };
}

function silenceOf(session: Record<string, unknown>): number | undefined {
  const { input } = objectOrEmpty(session.audio);
  const { turn_detection: detection } = objectOrEmpty(input);
  return numberOrNone(objectOrEmpty(detection).silence_duration_ms);
}

function numberOrNone(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function objectOrEmpty(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}

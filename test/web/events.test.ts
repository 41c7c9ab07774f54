/** The relay's frames, hand-written from the published protocol, as the page parses them. */
import { describe, expect, it } from '@jest/globals';
import { parseEvent } from '../../web/src/conversation/events.js';

const read = (frame: object) => parseEvent(JSON.stringify(frame));

describe('parseEvent', () => {
  it('reads that the session is ready', () => {
    expect(read({ type: 'session.created', event_id: 'e1', session: { id: 'sess_1' } })).toEqual({
      type: 'ready',
    });
    const turn_detection = { type: 'server_vad', silence_duration_ms: 700 };
    expect(read({ type: 'session.created', session: { audio: { input: { turn_detection } } } })).toEqual({
      type: 'ready',
      silenceMs: 700,
    });
  });

  it('reads when a person starts and stops speaking', () => {
    expect(
      read({ type: 'input_audio_buffer.speech_started', audio_start_ms: 640, item_id: 'item_7' }),
    ).toEqual({
      type: 'speech-started',
      itemId: 'item_7',
    });
    expect(
      read({ type: 'input_audio_buffer.speech_stopped', audio_end_ms: 1640, item_id: 'item_7' }),
    ).toEqual({
      type: 'speech-stopped',
      itemId: 'item_7',
      audioEndMs: 1640,
    });
  });

  it('reads what the person said', () => {
    expect(
      read({
        type: 'conversation.item.input_audio_transcription.completed',
        event_id: 'e9',
        item_id: 'item_7',
        content_index: 0,
        transcript: 'Good morning',
      }),
    ).toEqual({ type: 'transcript-done', itemId: 'item_7', text: 'Good morning' });
  });

  it('reads the answer, in text and audio', () => {
    const of = { response_id: 'resp_1', item_id: 'item_1', output_index: 0, content_index: 0 };
    const heard = { responseId: 'resp_1', itemId: 'item_1' };
    expect(read({ type: 'response.output_text.delta', ...of, delta: 'Guten' })).toEqual({
      type: 'response-text',
      ...heard,
      delta: 'Guten',
    });
    expect(read({ type: 'response.output_audio_transcript.delta', ...of, delta: 'Guten' })).toEqual({
      type: 'response-text',
      ...heard,
      delta: 'Guten',
    });
    expect(read({ type: 'response.output_audio.delta', ...of, delta: 'AAA=' })).toEqual({
      type: 'response-audio',
      ...heard,
      base64: 'AAA=',
    });
  });

  it('reads why an answer ended', () => {
    expect(
      read({ type: 'response.done', response: { id: 'resp_1', status: 'completed', status_details: null } }),
    ).toEqual({
      type: 'response-done',
      responseId: 'resp_1',
      status: 'completed',
      code: undefined,
      message: undefined,
    });
    const details = { type: 'failed', error: { type: 'x', code: 'unsupported_language', message: 'No.' } };
    expect(
      read({ type: 'response.done', response: { id: 'resp_1', status: 'failed', status_details: details } }),
    ).toMatchObject({ status: 'failed', code: 'unsupported_language', message: 'No.' });
    const cancelled = { type: 'cancelled', reason: 'turn_detected' };
    expect(
      read({
        type: 'response.done',
        response: { id: 'resp_1', status: 'cancelled', status_details: cancelled },
      }),
    ).toMatchObject({ status: 'cancelled', code: 'turn_detected' });
  });

  it('reads an error with its code and message', () => {
    expect(
      read({
        type: 'error',
        event_id: 'e1',
        error: { type: 'invalid_request_error', code: null, message: 'No.' },
      }),
    ).toEqual({ type: 'error', code: '', message: 'No.' });
  });

  it.each(['{"type":"rate_limits.updated","rate_limits":[]}', '{"no":"type"}', '[]', 'no json', ''])(
    'ignores %j',
    (frame) => {
      expect(parseEvent(frame)).toBeUndefined();
    },
  );
});

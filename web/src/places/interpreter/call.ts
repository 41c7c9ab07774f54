/** A voice call: sends microphone audio continuously, plays the answers, and stops playback when the user speaks. */
import { computed, ref, shallowRef, watch } from 'vue';
import type { Service } from '../../api/service.js';
import { toAppError, AppError } from '../../api/errors.js';
import type { AudioInput } from '../../audio/audio-input.js';
import type { AudioOutput, OutputStream } from '../../audio/audio-output.js';
import { decodeBase64, encodeBase64, loudness, toPcm16 } from '../../audio/pcm.js';
import { Connection, errorFromEvent } from '../../conversation/connection.js';
import type { ServerEvent } from '../../conversation/events.js';
import type { Transcript } from '../../conversation/transcript.js';
import { newId } from '../../store/item.js';

export const PLACE = 'interpreter';

/** About 10 s of audio. With more unsent, new audio is dropped, because it would arrive too late to be useful. */
const MAX_BACKLOG_BYTES = 640_000;

/** Errors about something that is already over, which are not shown. */
const IGNORED_ERRORS = new Set([
  'response_cancel_not_active',
  'item_truncate_invalid_item_id',
  'input_audio_buffer_commit_empty',
]);

export type CallOptions = {
  source: string;
  target: string;
  voice: string;
  prompt: string;
};

export type Call = ReturnType<typeof useCall>;

export function useCall(
  service: Service,
  transcript: Transcript,
  audioInput: AudioInput,
  audioOutput: AudioOutput,
  options: CallOptions,
) {
  const connection = new Connection(service, '/realtime-voice', onEvent);
  /** The answers that are heard or wait to be, by their item ids. */
  const streams = new Map<string, OutputStream>();
  const error = shallowRef<AppError>();
  /** Identifies the running call, from the click to its end, so that results of an earlier one are discarded. */
  const currentCall = shallowRef<AbortController>();
  const muted = ref(false);
  const level = ref(0);
  const speaking = ref<'none' | 'person' | 'model'>('none');
  /** From the end of the user's speech to the first audio of the answer. */
  const latencyMs = ref<number>();
  const requestedAt = ref<number>();
  /** The current response; late text and audio of others are ignored. */
  const responseId = ref<string>();
  const hasPendingMessage = ref(false);

  const phase = computed(() => {
    if (currentCall.value === undefined) return 'idle';
    return connection.state.value.status === 'ready' ? 'active' : 'connecting';
  });

  watch(connection.state, (state) => {
    if (state.status !== 'lost') return;
    error.value = state.error;
    releaseDevices();
  });
  watch(audioOutput.current, (current) => {
    if (current?.owner === PLACE) speaking.value = 'model';
    else if (speaking.value === 'model') speaking.value = 'none';
  });

  async function start(): Promise<void> {
    if (phase.value !== 'idle') return;
    const call = new AbortController();
    currentCall.value = call;
    error.value = undefined;
    muted.value = false;
    latencyMs.value = undefined;
    try {
      await audioOutput.unlock();
      // Hanging up aborts it, also while the browser asks for permission.
      await audioInput.open(PLACE, { onFrame: sendFrame, onLost: end }, call.signal);
      transcript.markBreak();
      const { source, target, voice, prompt } = options;
      await connection.open({ source, target, voice, prompt });
    } catch (thrown) {
      if (currentCall.value === call) end(toAppError(thrown));
    }
  }

  function end(why?: AppError): void {
    connection.close();
    error.value = why;
    releaseDevices();
  }

  function releaseDevices(): void {
    currentCall.value?.abort();
    currentCall.value = undefined;
    audioOutput.stop({ owner: PLACE });
    streams.clear();
    level.value = 0;
    speaking.value = 'none';
    responseId.value = undefined;
    hasPendingMessage.value = false;
    transcript.closeOpen('all', 'interrupted');
  }

  /** While muted, sends silence: the service detects the end of the sentence, and does not join speech across the gap. */
  function sendFrame(samples: Float32Array): void {
    level.value = muted.value ? 0 : loudness(samples);
    if (connection.backlogBytes > MAX_BACKLOG_BYTES) {
      error.value = new AppError('network-slow');
      return;
    }
    if (error.value?.code === 'network-slow') error.value = undefined;
    const pcm = muted.value ? new Int16Array(samples.length) : toPcm16(samples);
    connection.send({ type: 'input_audio_buffer.append', audio: encodeBase64(pcm) });
  }

  /** Sends a typed message, which interrupts the answer as speech does. */
  function sendMessage(text: string): void {
    if (phase.value !== 'active') return;
    const answering = responseId.value !== undefined;
    interrupt();
    transcript.addMessage(text);
    const content = [{ type: 'input_text', text }] as const;
    connection.send({
      type: 'conversation.item.create',
      item: { id: newId(), type: 'message', role: 'user', content },
    });
    if (answering) {
      // The next response may only be requested when the service has ended this one.
      hasPendingMessage.value = true;
      connection.send({ type: 'response.cancel' });
    } else requestResponse();
  }

  function requestResponse(): void {
    requestedAt.value = performance.now();
    connection.send({ type: 'response.create' });
  }

  /** Stops playback and reports to the service how much of the answer was actually played. */
  function interrupt(): void {
    const position = audioOutput.stop({ owner: PLACE });
    streams.clear();
    responseId.value = undefined;
    if (position === undefined) return;
    connection.send({
      type: 'conversation.item.truncate',
      item_id: position.id,
      content_index: 0,
      audio_end_ms: position.playedMs,
    });
    const turn = transcript.find(position.id);
    if (turn !== undefined) transcript.close(turn, 'interrupted');
  }

  function onEvent(event: ServerEvent): void {
    switch (event.type) {
      case 'ready':
        return;
      case 'speech-started':
        interrupt();
        speaking.value = 'person';
        transcript.turnOf(event.itemId, 'person');
        return;
      case 'speech-stopped':
        speaking.value = 'none';
        requestedAt.value = performance.now();
        return;
      case 'transcript-delta':
        transcript.append(transcript.turnOf(event.itemId, 'person'), event.text);
        return;
      case 'transcript-done':
      case 'transcript-failed': {
        const turn = transcript.turnOf(event.itemId, 'person');
        if (event.type === 'transcript-done') turn.text = event.text;
        transcript.close(turn, 'done');
        return;
      }
      case 'response-started':
        responseId.value = event.responseId;
        return;
      case 'response-text':
        if (event.responseId === responseId.value)
          transcript.append(transcript.turnOf(event.itemId, 'model'), event.delta);
        return;
      case 'response-audio':
        if (event.responseId === responseId.value) playDelta(event.itemId, event.base64);
        return;
      case 'response-done':
        onResponseDone(event);
        return;
      case 'error':
        if (!IGNORED_ERRORS.has(event.code)) error.value = errorFromEvent(event, service);
        return;
    }
  }

  function playDelta(itemId: string, base64: string): void {
    let stream = streams.get(itemId);
    if (stream === undefined) {
      const askedAt = requestedAt.value;
      requestedAt.value = undefined;
      const onHeard = (atMs: number) => {
        if (askedAt !== undefined) latencyMs.value = Math.round(atMs - askedAt);
      };
      stream = audioOutput.stream(itemId, PLACE, { onHeard });
      streams.set(itemId, stream);
    }
    stream.write(decodeBase64(base64));
  }

  function onResponseDone(done: ServerEvent & { type: 'response-done' }): void {
    if (done.status === 'failed') error.value = errorFromEvent(done, service);
    transcript.closeOpen('model', done.status === 'completed' ? 'done' : 'interrupted');
    for (const stream of streams.values()) stream.end();
    streams.clear();
    if (responseId.value === done.responseId) responseId.value = undefined;
    if (!hasPendingMessage.value) return;
    hasPendingMessage.value = false;
    requestResponse();
  }

  return { connection, phase, error, muted, level, speaking, latencyMs, start, end, sendMessage };
}

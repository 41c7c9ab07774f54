/** A voice call: the microphone goes up without a pause, captions and sound come down, and speaking interrupts. */
import { computed, ref, shallowRef, watch } from 'vue';
import type { Service } from '../api/service.js';
import { asTrouble, Trouble } from '../api/trouble.js';
import { Microphone } from '../audio/microphone.js';
import { decodeBase64, encodeBase64, loudness, toPcm16 } from '../audio/pcm.js';
import { Player } from '../audio/player.js';
import { Connection, troubleOf } from '../conversation/connection.js';
import type { ServerEvent } from '../conversation/events.js';
import type { Transcript } from '../conversation/transcript.js';
import { newId } from '../store/history.js';

/** Sound that cannot leave for so long (about 10 s) is dropped: heard later it would only confuse. */
const MAX_BACKLOG_BYTES = 640_000;

/** Faults that name something already over; nobody needs to hear of them. */
const HARMLESS = new Set([
  'response_cancel_not_active',
  'item_truncate_invalid_item_id',
  'input_audio_buffer_commit_empty',
]);

export type CallChoices = {
  source: string;
  target: string;
  voice: string;
  prompt: string;
  /** 0 to 100. */
  volume: number;
};

export type Call = ReturnType<typeof useCall>;

export function useCall(service: Service, transcript: Transcript, choices: CallChoices) {
  const connection = new Connection(service, '/realtime-voice', hear);
  const microphone = shallowRef<Microphone>();
  const player = shallowRef<Player>();
  const trouble = shallowRef<Trouble>();
  /** The running call, from the click to the end; whatever belongs to an earlier one is let go. */
  const current = shallowRef<object>();
  const muted = ref(false);
  const level = ref(0);
  const speaking = ref<'nobody' | 'person' | 'model'>('nobody');
  /** From the end of what the person said to the first sound of the answer. */
  const latencyMs = ref<number>();
  const askedAt = ref<number>();
  /** The answer being made; words and sound of any other are late and not wanted. */
  const responseId = ref<string>();
  const typedWaiting = ref(false);

  const phase = computed(() => {
    if (current.value === undefined) return 'idle';
    return connection.state.value.at === 'ready' ? 'talking' : 'dialling';
  });

  watch(connection.state, (state) => {
    if (state.at !== 'lost') return;
    trouble.value = state.trouble;
    void release();
  });
  watch(
    () => choices.volume,
    (volume) => {
      if (player.value !== undefined) player.value.volume = volume / 100;
    },
  );

  async function start(): Promise<void> {
    if (phase.value !== 'idle') return;
    const call = {};
    current.value = call;
    trouble.value = undefined;
    muted.value = false;
    latencyMs.value = undefined;
    try {
      player.value = new Player((playing) => {
        if (playing) speaking.value = 'model';
        else if (speaking.value === 'model') speaking.value = 'nobody';
      });
      player.value.volume = choices.volume / 100;
      await player.value.resume();
      const opened = await Microphone.open({
        onFrame: sendFrame,
        onLost: () => {
          end(new Trouble('microphone-lost'));
        },
      });
      // Hung up while the browser asked for permission.
      if (current.value !== call) {
        await opened.close();
        return;
      }
      microphone.value = opened;
      transcript.markBreak();
      const { source, target, voice, prompt } = choices;
      await connection.open({ source, target, voice, prompt });
    } catch (thrown) {
      if (current.value === call) end(asTrouble(thrown));
    }
  }

  function end(why?: Trouble): void {
    connection.close();
    trouble.value = why;
    void release();
  }

  async function release(): Promise<void> {
    current.value = undefined;
    const closing = [microphone.value?.close(), player.value?.close()];
    microphone.value = undefined;
    player.value = undefined;
    level.value = 0;
    speaking.value = 'nobody';
    responseId.value = undefined;
    typedWaiting.value = false;
    transcript.settle('anyone', 'interrupted');
    await Promise.all(closing.filter((each) => each !== undefined));
  }

  /** Muted, silence is sent: the service hears the sentence end, and no gap is joined over. */
  function sendFrame(samples: Float32Array): void {
    level.value = muted.value ? 0 : loudness(samples);
    if (connection.backlogBytes > MAX_BACKLOG_BYTES) {
      trouble.value = new Trouble('network-slow');
      return;
    }
    if (trouble.value?.code === 'network-slow') trouble.value = undefined;
    const pcm = muted.value ? new Int16Array(samples.length) : toPcm16(samples);
    connection.send({ type: 'input_audio_buffer.append', audio: encodeBase64(pcm) });
  }

  /** Typing interrupts as speaking does. */
  function type(text: string): void {
    if (phase.value !== 'talking') return;
    const answering = responseId.value !== undefined;
    interrupt();
    transcript.say(text);
    const content = [{ type: 'input_text', text }] as const;
    connection.send({
      type: 'conversation.item.create',
      item: { id: newId(), type: 'message', role: 'user', content },
    });
    if (answering) {
      // The next answer may only begin when the service has ended this one.
      typedWaiting.value = true;
      connection.send({ type: 'response.cancel' });
    } else ask();
  }

  function ask(): void {
    askedAt.value = performance.now();
    connection.send({ type: 'response.create' });
  }

  /** Silence at once, and the service told how much of the answer was really heard. */
  function interrupt(): void {
    const heard = player.value?.stop();
    responseId.value = undefined;
    if (heard === undefined) return;
    connection.send({
      type: 'conversation.item.truncate',
      item_id: heard.itemId,
      content_index: 0,
      audio_end_ms: heard.playedMs,
    });
    const turn = transcript.find(heard.itemId);
    if (turn !== undefined) transcript.close(turn, 'interrupted');
  }

  function hear(event: ServerEvent): void {
    switch (event.type) {
      case 'ready':
        return;
      case 'speech-started':
        interrupt();
        speaking.value = 'person';
        transcript.turn(event.itemId, 'person');
        return;
      case 'speech-stopped':
        speaking.value = 'nobody';
        askedAt.value = performance.now();
        return;
      case 'person-delta':
        transcript.turn(event.itemId, 'person').text += event.text;
        return;
      case 'person-done':
      case 'person-unclear': {
        const turn = transcript.turn(event.itemId, 'person');
        if (event.type === 'person-done') turn.text = event.text;
        transcript.close(turn, 'done');
        return;
      }
      case 'reply-started':
        responseId.value = event.responseId;
        return;
      case 'reply-text':
        if (event.responseId === responseId.value) transcript.turn(event.itemId, 'model').text += event.delta;
        return;
      case 'reply-audio':
        if (event.responseId === responseId.value) sound(event.itemId, event.base64);
        return;
      case 'reply-done':
        finish(event);
        return;
      case 'error':
        if (!HARMLESS.has(event.code)) trouble.value = troubleOf(event, service);
        return;
    }
  }

  function sound(itemId: string, base64: string): void {
    if (askedAt.value !== undefined) {
      latencyMs.value = Math.round(performance.now() - askedAt.value);
      askedAt.value = undefined;
    }
    player.value?.play(itemId, decodeBase64(base64));
  }

  function finish(done: ServerEvent & { type: 'reply-done' }): void {
    if (done.status === 'failed') trouble.value = troubleOf(done, service);
    transcript.settle('model', done.status === 'completed' ? 'done' : 'interrupted');
    if (responseId.value === done.responseId) responseId.value = undefined;
    if (!typedWaiting.value) return;
    typedWaiting.value = false;
    ask();
  }

  return { connection, phase, trouble, muted, level, speaking, latencyMs, start, end, type };
}

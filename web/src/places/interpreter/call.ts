/** A call: sends what the microphone hears, and what is typed, and lets the answers be heard. */
import { computed, ref, shallowRef, watch, type ComputedRef } from 'vue';
import type { Service } from '../../api/service.js';
import { toAppError, AppError } from '../../api/errors.js';
import type { AudioCapture, AudioInput } from '../../audio/audio-input.js';
import type { AudioOutput } from '../../audio/audio-output.js';
import { decodeBase64, encodeBase64, millisecondsOf, toPcm16 } from '../../audio/pcm.js';
import { Connection, errorFromEvent } from '../../conversation/connection.js';
import type { ServerEvent } from '../../conversation/events.js';
import type { Transcript, Turn } from '../../conversation/transcript.js';
import { newId } from '../../store/item.js';
import type { ItemStore } from '../../store/item-store.js';
import { isInterrupting, languagesOf, queryOf, type CallOptions } from './call-options.js';
import { SpeechClock } from './speech-clock.js';
import { SpokenAnswers } from './spoken-answers.js';

export const PLACE = 'interpreter';

/** About 10 s of audio. With more unsent, new audio is dropped, because it would arrive too late to be useful. */
const MAX_BACKLOG_BYTES = 640_000;

/** Errors about something that is already over, which are not shown. */
const IGNORED_ERRORS = new Set([
  'response_cancel_not_active',
  'item_truncate_invalid_item_id',
  'input_audio_buffer_commit_empty',
]);

export interface CallParts {
  readonly service: Service;
  readonly items: ItemStore;
  readonly audioInput: AudioInput;
  readonly audioOutput: AudioOutput;
}

/** Create it in the setup of a component. */
export class Call {
  readonly connection: Connection;
  readonly error = shallowRef<AppError>();
  readonly muted = ref(false);
  /** The key or button to talk is held. */
  readonly held = ref(false);
  /** From the end of the last sentence until its answer was heard. */
  readonly latencyMs = ref<number>();
  readonly phase: ComputedRef<'idle' | 'connecting' | 'active'>;
  /** Without one a call goes on in writing. */
  readonly hasMicrophone: ComputedRef<boolean>;
  /** What is said now is sent. */
  readonly isListening: ComputedRef<boolean>;
  readonly #parts: CallParts;
  readonly #options: CallOptions;
  readonly #transcript: Transcript;
  readonly #answers: SpokenAnswers;
  readonly #clock = new SpeechClock();
  /** The running call, from the click to its end, so that results of an earlier one are discarded. */
  readonly #running = shallowRef<AbortController>();
  #capture: AudioCapture | undefined;
  #reopened: Promise<void> = Promise.resolve();
  /** When each turn ended that has no answer yet, in order. */
  #askedAt: number[] = [];
  /** When the turn ended that is being answered; undefined once its answer is heard. */
  #answeredSince: number | undefined;
  /** The response that is shown and heard; what arrives late of others is ignored. */
  #responseId: string | undefined;
  /** The service is answering, or was asked to. */
  #answering = false;
  /** Typed, and not sent yet. */
  #pending: Turn[] = [];
  #withMicrophone = true;

  constructor(parts: CallParts, transcript: Transcript, options: CallOptions) {
    this.#parts = parts;
    this.#transcript = transcript;
    this.#options = options;
    this.#answers = new SpokenAnswers(parts.audioOutput, parts.items, PLACE);
    this.connection = new Connection(parts.service, '/realtime-voice', (event) => {
      this.#onEvent(event);
    });
    this.phase = computed(() => {
      if (this.#running.value === undefined) return 'idle';
      return this.connection.state.value.status === 'ready' ? 'active' : 'connecting';
    });
    this.hasMicrophone = computed(() => parts.audioInput.holder.value === PLACE);
    this.isListening = computed(
      () => this.hasMicrophone.value && !this.muted.value && (options.mode !== 'hold' || this.held.value),
    );
    watch(this.connection.state, (state) => {
      if (state.status !== 'lost') return;
      this.error.value = state.error;
      this.#release();
    });
    watch(parts.audioInput.preferences, () => {
      this.#reopened = this.#reopened.then(() => this.#reopenMicrophone());
    });
    watch(
      () => isInterrupting(options),
      () => {
        this.#sendTurnDetection();
      },
    );
  }

  /** @param withMicrophone false: a call in writing, whose answers are heard all the same. */
  async start(withMicrophone = true): Promise<void> {
    if (this.phase.value !== 'idle') return;
    const running = new AbortController();
    this.#running.value = running;
    this.#withMicrophone = withMicrophone;
    this.error.value = undefined;
    this.muted.value = false;
    this.latencyMs.value = undefined;
    try {
      await this.#parts.audioOutput.unlock();
      if (withMicrophone) await this.#openMicrophone(running.signal);
      if (this.#pending.length === 0) this.#transcript.markBreak();
      this.#transcript.languages = languagesOf(this.#options);
      this.#clock.restart();
      await this.connection.open(queryOf(this.#options));
    } catch (thrown) {
      if (this.#running.value === running) this.end(toAppError(thrown));
    }
  }

  end(why?: AppError): void {
    this.connection.close();
    this.error.value = why;
    this.#pending = [];
    this.#release();
  }

  /** Calls again, as it was called, and sends what was typed and could not be sent. */
  reconnect(): Promise<void> {
    return this.start(this.#withMicrophone);
  }

  /** Mutes or unmutes; a call in writing gets its microphone. */
  async toggleMicrophone(): Promise<void> {
    const running = this.#running.value;
    if (running === undefined) return;
    if (this.hasMicrophone.value) {
      this.muted.value = !this.muted.value;
      return;
    }
    this.error.value = undefined;
    await this.#tryMicrophone(running.signal);
  }

  /** Sends a typed message. Without a call it begins one in writing, which needs no microphone. */
  async sendMessage(text: string): Promise<void> {
    const idle = this.phase.value === 'idle';
    if (idle) {
      this.#transcript.markBreak();
      this.#transcript.languages = languagesOf(this.#options);
    } else if (isInterrupting(this.#options)) {
      this.#interrupt();
      if (this.#answering) this.connection.send({ type: 'response.cancel' });
    }
    this.#pending.push(this.#transcript.addMessage(text));
    if (idle) await this.start(false);
    this.#sendPending();
  }

  #release(): void {
    this.#running.value?.abort();
    this.#running.value = undefined;
    this.#capture = undefined;
    this.held.value = false;
    this.#answers.stop();
    this.#transcript.closeOpen('all', 'interrupted');
    this.#answers.end();
    this.#responseId = undefined;
    this.#answering = false;
    this.#askedAt = [];
  }

  async #openMicrophone(signal: AbortSignal): Promise<void> {
    const onLost = (error: AppError) => {
      // What was said is answered, and the call goes on in writing.
      this.error.value = error;
    };
    const onFrame = (samples: Float32Array) => {
      this.#sendFrame(samples);
    };
    this.#capture = await this.#parts.audioInput.open(PLACE, { onFrame, onLost }, signal);
  }

  async #tryMicrophone(signal: AbortSignal): Promise<void> {
    try {
      await this.#openMicrophone(signal);
    } catch (thrown) {
      if (!signal.aborted) this.error.value = toAppError(thrown);
    }
  }

  /** With another device or other processing, which hold from the opening. */
  async #reopenMicrophone(): Promise<void> {
    const running = this.#running.value;
    if (running === undefined || !this.hasMicrophone.value) return;
    await this.#capture?.close();
    if (!running.signal.aborted) await this.#tryMicrophone(running.signal);
  }

  /** While nobody is to be heard, sends silence: the service detects the end of the sentence by it. */
  #sendFrame(samples: Float32Array): void {
    if (this.phase.value !== 'active') return;
    if (this.connection.backlogBytes > MAX_BACKLOG_BYTES) {
      this.error.value = new AppError('network-slow');
      return;
    }
    if (this.error.value?.code === 'network-slow') this.error.value = undefined;
    const pcm = this.isListening.value ? toPcm16(samples) : new Int16Array(samples.length);
    this.connection.send({ type: 'input_audio_buffer.append', audio: encodeBase64(pcm) });
    this.#clock.sent(millisecondsOf(pcm));
  }

  #sendPending(): void {
    if (this.phase.value !== 'active') return;
    for (;;) {
      // One that interrupts may only be asked for when the service has ended the one before; others wait there.
      if (this.#answering && isInterrupting(this.#options)) return;
      const turn = this.#pending.shift();
      if (turn === undefined) return;
      const content = [{ type: 'input_text', text: turn.text }] as const;
      this.connection.send({
        type: 'conversation.item.create',
        item: { id: newId(), type: 'message', role: 'user', content },
      });
      this.connection.send({ type: 'response.create' });
      this.#askedAt.push(performance.now());
      this.#answering = true;
    }
  }

  #sendTurnDetection(): void {
    if (this.phase.value !== 'active') return;
    const turn_detection = {
      type: 'server_vad',
      create_response: true,
      interrupt_response: isInterrupting(this.#options),
    } as const;
    this.connection.send({
      type: 'session.update',
      session: { type: 'realtime', audio: { input: { turn_detection } } },
    });
  }

  /** Ends the answer that is heard, and tells the service how much of it was. */
  #interrupt(): void {
    const heard = this.#answers.stop();
    this.#responseId = undefined;
    this.#askedAt = [];
    if (heard !== undefined) {
      this.connection.send({
        type: 'conversation.item.truncate',
        item_id: heard.id,
        content_index: 0,
        audio_end_ms: heard.playedMs,
      });
      const turn = this.#transcript.find(heard.id);
      if (turn !== undefined) this.#transcript.close(turn, 'interrupted');
    }
    this.#answers.end();
  }

  #onEvent(event: ServerEvent): void {
    switch (event.type) {
      case 'ready':
        this.#clock.silenceMs = event.silenceMs ?? this.#clock.silenceMs;
        this.#sendPending();
        return;
      case 'speech-started':
        if (isInterrupting(this.#options)) this.#interrupt();
        this.#transcript.turnOf(event.itemId, 'person');
        return;
      case 'speech-stopped':
        this.#askedAt.push(this.#clock.endOf(event.audioEndMs));
        return;
      case 'transcript-delta':
        this.#transcript.append(this.#transcript.turnOf(event.itemId, 'person'), event.text);
        return;
      case 'transcript-done':
      case 'transcript-failed': {
        const turn = this.#transcript.turnOf(event.itemId, 'person');
        if (event.type === 'transcript-done') turn.text = event.text;
        this.#transcript.close(turn, 'done');
        return;
      }
      case 'error':
        if (!IGNORED_ERRORS.has(event.code)) this.error.value = errorFromEvent(event, this.#parts.service);
        return;
      default:
        this.#onResponseEvent(event);
    }
  }

  #onResponseEvent(event: Extract<ServerEvent, { readonly responseId: string }>): void {
    if (event.type === 'response-started') {
      this.#responseId = event.responseId;
      this.#answering = true;
      this.#answeredSince = this.#askedAt.shift();
      return;
    }
    if (event.type === 'response-done') {
      this.#onResponseDone(event);
      return;
    }
    if (event.responseId !== this.#responseId) return;
    const turn = this.#transcript.turnOf(event.itemId, 'model');
    if (event.type === 'response-text') this.#transcript.append(turn, event.delta);
    else this.#answers.write(event.itemId, turn, decodeBase64(event.base64), () => this.#latencyOfNext());
  }

  /** @returns what to call when the answer that begins now is heard. */
  #latencyOfNext(): ((atMs: number) => void) | undefined {
    const askedAt = this.#answeredSince;
    this.#answeredSince = undefined;
    if (askedAt === undefined) return undefined;
    return (atMs) => (this.latencyMs.value = Math.max(0, Math.round(atMs - askedAt)));
  }

  #onResponseDone(done: ServerEvent & { type: 'response-done' }): void {
    if (done.status === 'failed') this.error.value = errorFromEvent(done, this.#parts.service);
    this.#transcript.closeOpen('model', done.status === 'completed' ? 'done' : 'interrupted');
    this.#answers.end();
    if (this.#responseId === done.responseId) this.#responseId = undefined;
    this.#answering = false;
    this.#sendPending();
  }
}

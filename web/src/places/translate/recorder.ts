/** Records the microphone into a WAV of PCM16 at 24 kHz. */
import { computed, ref, shallowRef } from 'vue';
import { AppError } from '../../api/errors.js';
import { Microphone } from '../../audio/microphone.js';
import { loudness, millisecondsOf, toPcm16 } from '../../audio/pcm.js';
import { encodeWav } from '../../audio/wav.js';

/** Shorter recordings hold no word to translate; upstream rejects less than 100 ms. */
const MIN_RECORDING_MS = 200;

export interface Recording {
  readonly file: Blob;
  readonly durationMs: number;
}

/** @param onLimit called at the maximum length. @param onLost called when the microphone is lost. */
export function useRecorder(maxMs: () => number, onLimit: () => void, onLost: (error: AppError) => void) {
  const microphone = shallowRef<Microphone>();
  const state = ref<'idle' | 'requesting' | 'recording'>('idle');
  const level = ref(0);
  const elapsedMs = ref(0);
  let frames: Int16Array[] = [];

  async function start(): Promise<void> {
    if (state.value !== 'idle') return;
    state.value = 'requesting';
    frames = [];
    elapsedMs.value = 0;
    try {
      const opened = await Microphone.open({ onFrame, onLost: onMicrophoneLost });
      microphone.value = opened;
      state.value = 'recording';
    } catch (thrown) {
      state.value = 'idle';
      throw thrown;
    }
  }

  function onFrame(samples: Float32Array): void {
    if (state.value !== 'recording') return;
    const pcm = toPcm16(samples);
    frames.push(pcm);
    level.value = loudness(samples);
    elapsedMs.value += millisecondsOf(pcm);
    if (elapsedMs.value >= maxMs()) onLimit();
  }

  /** Ends the recording. @throws AppError when nothing worth sending was recorded. */
  async function finish(): Promise<Recording> {
    const [recorded, durationMs] = [frames, elapsedMs.value];
    await discard();
    if (durationMs < MIN_RECORDING_MS) throw new AppError('recording-too-short');
    return { file: new Blob([encodeWav(recorded)], { type: 'audio/wav' }), durationMs };
  }

  async function discard(): Promise<void> {
    state.value = 'idle';
    level.value = 0;
    frames = [];
    const closing = microphone.value;
    microphone.value = undefined;
    await closing?.close();
  }

  function onMicrophoneLost(): void {
    void discard();
    onLost(new AppError('microphone-lost'));
  }

  return { state: computed(() => state.value), level, elapsedMs, start, finish, discard };
}

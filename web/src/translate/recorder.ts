/** Records one utterance into a WAV of PCM16 at 24 kHz. */
import { computed, ref, shallowRef } from 'vue';
import { Trouble } from '../api/trouble.js';
import { Microphone } from '../audio/microphone.js';
import { loudness, millisecondsOf, toPcm16 } from '../audio/pcm.js';
import { encodeWav } from '../audio/wav.js';

/** Below this there is no word to translate; upstream refuses less than 100 ms. */
const SHORTEST_MS = 200;

export interface Recording {
  readonly file: Blob;
  readonly durationMs: number;
}

/** @param onLimit the recording is as long as the service takes. @param onLost the microphone went away. */
export function useRecorder(maxMs: () => number, onLimit: () => void, onLost: (trouble: Trouble) => void) {
  const microphone = shallowRef<Microphone>();
  const state = ref<'idle' | 'asking' | 'recording'>('idle');
  const level = ref(0);
  const elapsedMs = ref(0);
  let frames: Int16Array[] = [];

  async function start(): Promise<void> {
    if (state.value !== 'idle') return;
    state.value = 'asking';
    frames = [];
    elapsedMs.value = 0;
    try {
      const opened = await Microphone.open({ onFrame: take, onLost: lose });
      microphone.value = opened;
      state.value = 'recording';
    } catch (thrown) {
      state.value = 'idle';
      throw thrown;
    }
  }

  function take(samples: Float32Array): void {
    if (state.value !== 'recording') return;
    const pcm = toPcm16(samples);
    frames.push(pcm);
    level.value = loudness(samples);
    elapsedMs.value += millisecondsOf(pcm);
    if (elapsedMs.value >= maxMs()) onLimit();
  }

  /** Ends the recording. @throws Trouble when nothing worth sending was recorded. */
  async function finish(): Promise<Recording> {
    const [recorded, durationMs] = [frames, elapsedMs.value];
    await discard();
    if (durationMs < SHORTEST_MS) throw new Trouble('recording-too-short');
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

  function lose(): void {
    void discard();
    onLost(new Trouble('microphone-lost'));
  }

  return { state: computed(() => state.value), level, elapsedMs, start, finish, discard };
}

/** Records the microphone into an item, which is stored from its first second on. */
import { computed, ref, shallowRef } from 'vue';
import { AppError } from '../api/errors.js';
import type { Item, NewItem } from '../store/item.js';
import type { ItemStore } from '../store/item-store.js';
import type { RecordingWriter } from '../store/recording-writer.js';
import type { AudioCapture, AudioInput } from './audio-input.js';
import { toPcm16 } from './pcm.js';

/** Shorter recordings hold no word to translate; upstream rejects less than 100 ms. */
const MIN_RECORDING_MS = 200;

export interface RecorderOptions {
  /** Holds the microphone under this name; the place. */
  readonly owner: string;
  readonly maxMs: () => number;
  /**
   * Called when a recording has ended, with its item in state `ready`.
   * @param lost the microphone was lost, and the item holds what was recorded until then.
   */
  onFinished(item: Item, lost: AppError | undefined): void;
}

export type Recorder = ReturnType<typeof useRecorder>;

export function useRecorder(input: AudioInput, items: ItemStore, options: RecorderOptions) {
  const state = ref<'idle' | 'requesting' | 'recording'>('idle');
  const elapsedMs = ref(0);
  const current = shallowRef<{ item: Item; writer: RecordingWriter }>();
  let opening: AbortController | undefined;
  let capture: AudioCapture | undefined;

  /** @param newItem of kind `recording`. @throws AppError if the microphone cannot be opened. */
  async function start(newItem: NewItem): Promise<void> {
    if (state.value !== 'idle') return;
    state.value = 'requesting';
    elapsedMs.value = 0;
    opening = new AbortController();
    const { signal } = opening;
    try {
      capture = await input.open(options.owner, { onFrame, onLost: (lost) => end(lost) }, signal);
      const item = items.add({ ...newItem, state: 'recording' });
      current.value = { item, writer: items.record(item) };
      state.value = 'recording';
    } catch (thrown) {
      state.value = 'idle';
      if (!signal.aborted) throw thrown;
    }
  }

  function onFrame(samples: Float32Array): void {
    const writer = current.value?.writer;
    if (writer === undefined) return;
    writer.append(toPcm16(samples));
    elapsedMs.value = writer.durationMs;
    if (elapsedMs.value >= options.maxMs()) end(undefined);
  }

  /** Ends the recording; `onFinished` gets it. @throws AppError `recording-too-short`, and then nothing is kept. */
  function finish(): void {
    const tooShort = end(undefined);
    if (tooShort) throw new AppError('recording-too-short');
  }

  /** @returns whether it was too short to be kept. */
  function end(lost: AppError | undefined): boolean {
    const ended = current.value;
    if (ended === undefined) {
      discard();
      return false;
    }
    const { item, writer } = ended;
    if (writer.durationMs < MIN_RECORDING_MS) {
      discard();
      return true;
    }
    release();
    item.state = 'ready';
    items.keepSound(item, 'input', writer.finish(), writer.durationMs);
    options.onFinished(item, lost);
    return false;
  }

  /** Ends the recording, or the request for the microphone, and keeps nothing. */
  function discard(): void {
    const ended = current.value;
    release();
    if (ended === undefined) return;
    ended.writer.discard();
    items.remove(ended.item);
  }

  function release(): void {
    opening?.abort();
    opening = undefined;
    void capture?.close();
    capture = undefined;
    current.value = undefined;
    state.value = 'idle';
  }

  return { state: computed(() => state.value), level: input.level, elapsedMs, start, finish, discard };
}

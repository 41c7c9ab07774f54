/** Controls a media element, and reports its state. Playing it stops every other sound of the page, and is stopped by them. */
import { useEventListener, useRafFn } from '@vueuse/core';
import { computed, ref, shallowRef, watch, type ShallowRef } from 'vue';
import { AppError } from '../../../api/errors.js';
import type { AudioOutput } from '../../../audio/audio-output.js';
import type { Source } from './sound-source.js';

export type Playback = ReturnType<typeof usePlayback>;

/** Three sources are tried: the kept file, the sound of the service, and that sound with a new ticket. */
const MAX_REFUSALS = 3;

/** @param onRefused called with a source that cannot be played. */
export function usePlayback(
  element: Readonly<ShallowRef<HTMLVideoElement | null>>,
  output: AudioOutput,
  source: () => Source | undefined,
  onRefused: (source: Source) => void,
) {
  const isPlaying = ref(false);
  /** Both in seconds. */
  const position = ref(0);
  const duration = ref(0);
  const isFilm = ref(false);
  const error = shallowRef<AppError>();
  /** The source that the element has now. */
  let loaded: Source | undefined;
  /** Sources in a row that could not be played. */
  let refusals = 0;
  /** Where to go on once a new source has loaded, in seconds, and whether to play. */
  let pending: { at: number; plays: boolean } | undefined;
  /** It has played to the end of what was decoded, and continues if more is. */
  let hasPlayedOut = false;

  const { resume: followClock, pause: stopClock } = useRafFn(
    () => (position.value = element.value?.currentTime ?? 0),
    { immediate: false },
  );

  /**
   * Loads the source that there is now.
   *
   * @param interrupts whether it may replace a source that is playing.
   * @returns whether a new source is loading.
   */
  function loadSource(interrupts: boolean): boolean {
    const [next, player] = [source(), element.value];
    if (player === null || next?.url === loaded?.url) return false;
    // `isPlaying` follows with an event, which does not come if the source is replaced first.
    const plays = !player.paused;
    if (next !== undefined && loaded !== undefined && plays && !interrupts) return false;
    pending ??= { at: position.value, plays: plays || hasPlayedOut };
    loaded = next;
    if (next === undefined) player.removeAttribute('src');
    else player.src = next.url;
    return true;
  }

  watch([element, source], () => loadSource(false), { flush: 'post' });

  async function play(): Promise<void> {
    const player = element.value;
    error.value = undefined;
    if (player === null) return;
    if (loadSource(false) || pending !== undefined) {
      if (pending !== undefined) pending.plays = true;
      return;
    }
    output.stop();
    try {
      await player.play();
    } catch (thrown) {
      // It was paused, or got another source, before it began.
      if (thrown instanceof DOMException && thrown.name === 'AbortError') return;
      if (player.error === null) error.value = new AppError('playback-failed', { cause: thrown });
    }
  }

  function pause(): void {
    hasPlayedOut = false;
    if (pending !== undefined) pending.plays = false;
    element.value?.pause();
  }

  function toggle(): void {
    if (isPlaying.value) pause();
    else void play();
  }

  function seek(seconds: number): void {
    const player = element.value;
    if (player === null) return;
    hasPlayedOut = false;
    position.value = Math.max(0, seconds);
    // More may be decoded by now.
    if (position.value > duration.value && loadSource(true) && pending !== undefined)
      pending.at = position.value;
    if (pending !== undefined) pending.at = position.value;
    else player.currentTime = position.value;
  }

  function playFrom(seconds: number): void {
    seek(seconds);
    void play();
  }

  useEventListener(element, 'loadedmetadata', () => {
    const player = element.value;
    if (player === null) return;
    duration.value = Number.isFinite(player.duration) ? player.duration : 0;
    isFilm.value = player.videoWidth > 0;
    player.playbackRate = output.preferences.speed;
    refusals = 0;
    const resumed = pending;
    pending = undefined;
    if (resumed === undefined) return;
    player.currentTime = Math.min(resumed.at, duration.value);
    if (resumed.plays) void play();
  });
  useEventListener(element, 'durationchange', () => {
    const { duration: seconds = 0 } = element.value ?? {};
    if (Number.isFinite(seconds)) duration.value = seconds;
  });
  useEventListener(element, 'play', () => {
    isPlaying.value = true;
    hasPlayedOut = false;
    followClock();
  });
  useEventListener(element, 'pause', () => {
    isPlaying.value = false;
    stopClock();
    position.value = element.value?.currentTime ?? 0;
  });
  useEventListener(element, ['timeupdate', 'seeked'], () => {
    if (pending === undefined) position.value = element.value?.currentTime ?? 0;
  });
  useEventListener(element, 'ended', () => {
    // Only what was decoded when it was loaded has ended: there may be more by now.
    hasPlayedOut = true;
    loadSource(true);
  });
  useEventListener(element, 'error', () => {
    const refused = loaded;
    if (refused === undefined || element.value?.getAttribute('src') === null) return;
    pending ??= { at: position.value, plays: element.value?.paused === false };
    isPlaying.value = false;
    stopClock();
    loaded = undefined;
    refusals += 1;
    if (refusals < MAX_REFUSALS) onRefused(refused);
    else error.value = new AppError('playback-failed', { cause: element.value?.error });
  });

  watch(
    [element, output.preferences],
    () => {
      const player = element.value;
      if (player === null) return;
      const { volume, speed, deviceId } = output.preferences;
      player.volume = (volume / 100) ** 2;
      player.playbackRate = speed;
      if (output.canChooseDevice && player.sinkId !== deviceId)
        // The device is gone, which the audio output of the page reports.
        player.setSinkId(deviceId).catch(() => undefined);
    },
    { flush: 'post' },
  );
  watch(output.current, (sound) => {
    if (sound !== undefined) pause();
  });

  function dismiss(): void {
    error.value = undefined;
  }

  return {
    ...{ isPlaying, position, duration, isFilm, error },
    ...{ play, pause, toggle, seek, playFrom, dismiss },
    canPlay: computed(() => source() !== undefined),
  };
}

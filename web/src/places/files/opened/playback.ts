/** A media element as the page sees it: where it is, and what moves it. It is heard instead of whatever else is heard. */
import { useEventListener, useRafFn } from '@vueuse/core';
import { computed, ref, shallowRef, watch, type ShallowRef } from 'vue';
import { AppError } from '../../../api/errors.js';
import type { AudioOutput } from '../../../audio/audio-output.js';
import type { Source } from './sound-source.js';

export type Playback = ReturnType<typeof usePlayback>;

/** The kept file, the service's sound, and that sound once more with another ticket. */
const MAX_REFUSALS = 3;

/** @param onRefused the source cannot be played. */
export function usePlayback(
  element: Readonly<ShallowRef<HTMLVideoElement | null>>,
  output: AudioOutput,
  source: () => Source | undefined,
  onRefused: (source: Source) => void,
) {
  const isPlaying = ref(false);
  /** In seconds. */
  const position = ref(0);
  const duration = ref(0);
  const isFilm = ref(false);
  const error = shallowRef<AppError>();
  let shown: Source | undefined;
  /** In a row. */
  let refusals = 0;
  /** Where to go once the new source is there. */
  let pending: { at: number; plays: boolean } | undefined;
  /** It has played to the end of what there was: where there turns out to be more, it goes on. */
  let hasPlayedOut = false;

  const { resume: followClock, pause: stopClock } = useRafFn(
    () => (position.value = element.value?.currentTime ?? 0),
    { immediate: false },
  );

  /** Takes over what there is to play now; a source that plays is left alone until it has to be replaced. */
  function adopt(isNeeded: boolean): boolean {
    const [next, player] = [source(), element.value];
    if (player === null || next?.url === shown?.url) return false;
    // The element knows it at once; `isPlaying` follows with an event, which a new source would forestall.
    const plays = !player.paused;
    if (next !== undefined && shown !== undefined && plays && !isNeeded) return false;
    pending ??= { at: position.value, plays: plays || hasPlayedOut };
    shown = next;
    if (next === undefined) player.removeAttribute('src');
    else player.src = next.url;
    return true;
  }

  watch([element, source], () => adopt(false), { flush: 'post' });

  async function play(): Promise<void> {
    const player = element.value;
    error.value = undefined;
    if (player === null) return;
    if (adopt(false) || pending !== undefined) {
      if (pending !== undefined) pending.plays = true;
      return;
    }
    output.stop();
    try {
      await player.play();
    } catch (thrown) {
      // Paused or given another source before it began.
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
    // What is there may have grown since.
    if (position.value > duration.value && adopt(true) && pending !== undefined) pending.at = position.value;
    if (pending !== undefined) pending.at = position.value;
    else player.currentTime = position.value;
  }

  /** The words of a segment belong to what is heard from there. */
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
    // The end of what was decoded when it began to play: there may be more by now.
    hasPlayedOut = true;
    adopt(true);
  });
  useEventListener(element, 'error', () => {
    const refused = shown;
    if (refused === undefined || element.value?.getAttribute('src') === null) return;
    pending ??= { at: position.value, plays: element.value?.paused === false };
    isPlaying.value = false;
    stopClock();
    shown = undefined;
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
        // A device that is gone: the page's loudspeaker says so.
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

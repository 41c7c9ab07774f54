/** Plays one sound at a time: a reply while it streams in, or a stored recording. */
import { ref } from 'vue';
import { AppError } from '../../api/errors.js';
import { Player } from '../../audio/player.js';

export type Playback = ReturnType<typeof usePlayback>;

export function usePlayback() {
  /** The id, given to `stream` or `toggle`, of what is playing. */
  const playing = ref<string>();
  const audio = new Audio();
  let player: Player | undefined;

  audio.onended = stop;

  /** Call in a click handler: browsers block sound that a click has not unlocked. */
  async function unlock(): Promise<void> {
    player ??= new Player((isPlaying) => {
      if (!isPlaying && audio.paused) playing.value = undefined;
    });
    await player.resume();
  }

  function stream(id: string, pcm: Int16Array): void {
    if (!audio.paused) stop();
    if (player === undefined) return;
    playing.value = id;
    player.play(id, pcm);
  }

  /** @throws AppError if the browser cannot play the file. */
  async function toggle(id: string, sound: Blob): Promise<void> {
    const wasPlaying = playing.value === id;
    stop();
    if (wasPlaying) return;
    audio.src = URL.createObjectURL(sound);
    playing.value = id;
    try {
      await audio.play();
    } catch (thrown) {
      // Stopped before it began, which is not an error.
      if (thrown instanceof DOMException && thrown.name === 'AbortError') return;
      stop();
      throw new AppError('playback-failed', { detail: thrown instanceof Error ? thrown.message : undefined });
    }
  }

  function stop(): void {
    player?.stop();
    audio.pause();
    if (audio.src !== '') {
      URL.revokeObjectURL(audio.src);
      audio.removeAttribute('src');
    }
    playing.value = undefined;
  }

  return { playing, unlock, stream, toggle, stop };
}

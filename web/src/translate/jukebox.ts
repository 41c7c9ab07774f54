/** The sounds of this place, one at a time: a reply as it streams in, or a recording played again. */
import { ref } from 'vue';
import { Trouble } from '../api/trouble.js';
import { Player } from '../audio/player.js';

export type Jukebox = ReturnType<typeof useJukebox>;

export function useJukebox() {
  /** What is heard: the id given to `stream` or `toggle`. */
  const playing = ref<string>();
  const audio = new Audio();
  let player: Player | undefined;

  audio.onended = stop;

  /** Inside a click, so that the reply may sound when it comes. */
  async function wake(): Promise<void> {
    player ??= new Player((sounding) => {
      if (!sounding && audio.paused) playing.value = undefined;
    });
    await player.resume();
  }

  function stream(id: string, pcm: Int16Array): void {
    if (!audio.paused) stop();
    if (player === undefined) return;
    playing.value = id;
    player.play(id, pcm);
  }

  /** @throws Trouble when the browser cannot play such a file. */
  async function toggle(id: string, sound: Blob): Promise<void> {
    const same = playing.value === id;
    stop();
    if (same) return;
    audio.src = URL.createObjectURL(sound);
    playing.value = id;
    try {
      await audio.play();
    } catch (thrown) {
      // Stopped again before it began: that is no fault.
      if (thrown instanceof DOMException && thrown.name === 'AbortError') return;
      stop();
      throw new Trouble('playback-failed', { detail: thrown instanceof Error ? thrown.message : undefined });
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

  return { playing, wake, stream, toggle, stop };
}

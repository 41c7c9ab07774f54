/** The answers as they are spoken: each is heard in its turn, and kept with its line, so that it can be heard again. */
import type { AudioOutput, OutputStream } from '../../audio/audio-output.js';
import type { StreamEnd } from '../../audio/stream-playback.js';
import { WavBuilder } from '../../audio/wav.js';
import type { Turn } from '../../conversation/transcript.js';
import type { ItemStore } from '../../store/item-store.js';

interface SpokenAnswer {
  readonly turn: Turn;
  readonly stream: OutputStream;
  readonly sound: WavBuilder;
}

export class SpokenAnswers {
  readonly #output: AudioOutput;
  readonly #items: ItemStore;
  readonly #owner: string;
  /** Those that still arrive, by the item ids of the protocol. */
  readonly #arriving = new Map<string, SpokenAnswer>();

  constructor(output: AudioOutput, items: ItemStore, owner: string) {
    this.#output = output;
    this.#items = items;
    this.#owner = owner;
  }

  /** @param onHeard is called once for each answer, with the time at which it begins to be heard. */
  write(
    itemId: string,
    turn: Turn,
    pcm: Int16Array<ArrayBuffer>,
    onHeard: () => ((atMs: number) => void) | undefined,
  ): void {
    let answer = this.#arriving.get(itemId);
    if (answer === undefined) {
      const heard = onHeard();
      const stream = this.#output.stream(itemId, this.#owner, heard === undefined ? {} : { onHeard: heard });
      answer = { turn, stream, sound: new WavBuilder() };
      this.#arriving.set(itemId, answer);
    }
    answer.stream.write(pcm);
    answer.sound.append(pcm);
  }

  /** Nothing more arrives. What has is heard to its end, and kept. Call it after the turns were closed. */
  end(): void {
    for (const { turn, stream, sound } of this.#arriving.values()) {
      stream.end();
      // A turn without words was removed.
      if (sound.bytes > 0 && this.#items.get(turn.id) === turn)
        this.#items.keepSound(turn, 'reply', sound.toBlob(), sound.durationMs);
    }
    this.#arriving.clear();
  }

  /** Silences what is heard and what waits. @returns how much of which answer was heard. */
  stop(): (StreamEnd & { id: string }) | undefined {
    return this.#output.stop({ owner: this.#owner });
  }
}

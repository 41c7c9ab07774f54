/** Plays chunks of PCM as they arrive, without gaps or overlaps, and stops immediately on request. */
import { SAMPLE_RATE, toFloat } from './pcm.js';
import { PlaybackQueue, type PlaybackPosition } from './playback-queue.js';

/** Delay before the first chunk, so that a late second one does not leave a gap. */
const LEAD_SECONDS = 0.06;

export class Player {
  readonly #context = new AudioContext({ sampleRate: SAMPLE_RATE, latencyHint: 'interactive' });
  readonly #gain = this.#context.createGain();
  readonly #queue = new PlaybackQueue();
  readonly #sources = new Set<AudioBufferSourceNode>();
  readonly #onPlaying: (playing: boolean) => void;

  /** Create it in a click handler, or the browser blocks its sound. @param onPlaying called when sound begins and ends. */
  constructor(onPlaying: (playing: boolean) => void) {
    this.#onPlaying = onPlaying;
    this.#gain.connect(this.#context.destination);
  }

  /** Resumes a context that the browser has suspended. Safe to call at any time. */
  async resume(): Promise<void> {
    await this.#context.resume();
  }

  /** @param volume 0 to 1. The gain is its square, because hearing is not linear. */
  set volume(volume: number) {
    this.#gain.gain.setTargetAtTime(volume ** 2, this.#context.currentTime, 0.02);
  }

  play(itemId: string, pcm: Int16Array): void {
    if (pcm.length === 0) return;
    const buffer = this.#context.createBuffer(1, pcm.length, SAMPLE_RATE);
    buffer.copyToChannel(toFloat(pcm), 0);
    const source = this.#context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.#gain);
    const lead = this.#sources.size === 0 ? LEAD_SECONDS : 0;
    source.onended = () => {
      this.#remove(source);
    };
    if (this.#sources.size === 0) this.#onPlaying(true);
    this.#sources.add(source);
    source.start(this.#queue.add(itemId, buffer.duration, this.#context.currentTime + lead));
  }

  /** Stops immediately. @returns the item that was playing and how much of it was played. */
  stop(): PlaybackPosition | undefined {
    const position = this.#queue.stop(this.#context.currentTime);
    for (const source of [...this.#sources]) {
      source.onended = null;
      source.stop();
      this.#remove(source);
    }
    return position;
  }

  async close(): Promise<void> {
    this.stop();
    if (this.#context.state !== 'closed') await this.#context.close();
  }

  #remove(source: AudioBufferSourceNode): void {
    source.disconnect();
    this.#sources.delete(source);
    if (this.#sources.size === 0) this.#onPlaying(false);
  }
}

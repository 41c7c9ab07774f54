/** Plays PCM as it arrives, piece after piece without a gap or an overlap, and falls silent at once when told. */
import { SAMPLE_RATE, toFloat } from './pcm.js';
import { Playlist, type Heard } from './playlist.js';

/** A little room before the first piece, so that a late second one makes no gap. */
const LEAD_SECONDS = 0.06;

export class Player {
  readonly #context = new AudioContext({ sampleRate: SAMPLE_RATE, latencyHint: 'interactive' });
  readonly #gain = this.#context.createGain();
  readonly #playlist = new Playlist();
  readonly #sources = new Set<AudioBufferSourceNode>();
  readonly #onPlaying: (playing: boolean) => void;

  /** Make it inside a click, or the browser keeps it silent. @param onPlaying told when sound begins and ends. */
  constructor(onPlaying: (playing: boolean) => void) {
    this.#onPlaying = onPlaying;
    this.#gain.connect(this.#context.destination);
  }

  /** Suspended by the browser until a click; harmless to call always. */
  async resume(): Promise<void> {
    await this.#context.resume();
  }

  /** @param volume 0 to 1, as heard: the ear wants the square. */
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
      this.#drop(source);
    };
    if (this.#sources.size === 0) this.#onPlaying(true);
    this.#sources.add(source);
    source.start(this.#playlist.add(itemId, buffer.duration, this.#context.currentTime + lead));
  }

  /** Silence now. @returns what was being heard, to tell the service how far it came. */
  stop(): Heard | undefined {
    const heard = this.#playlist.stop(this.#context.currentTime);
    for (const source of [...this.#sources]) {
      source.onended = null;
      source.stop();
      this.#drop(source);
    }
    return heard;
  }

  async close(): Promise<void> {
    this.stop();
    if (this.#context.state !== 'closed') await this.#context.close();
  }

  #drop(source: AudioBufferSourceNode): void {
    source.disconnect();
    this.#sources.delete(source);
    if (this.#sources.size === 0) this.#onPlaying(false);
  }
}

/** Plays one stream of PCM as it arrives, without gaps or overlaps, and stops at once on request. */
import { SAMPLE_RATE, toFloat } from './pcm.js';
import { PlaybackQueue } from './playback-queue.js';
import { TimeStretch } from './time-stretch.js';

/** Delay before the first chunk, so that a late second one does not leave a gap. */
const LEAD_SECONDS = 0.06;
/** How far ahead chunks are given to the audio thread. The rest waits as PCM, which takes half the memory. */
const HORIZON_SECONDS = 4;

export interface StreamEnd {
  /** How much was heard, in milliseconds of the sound. */
  readonly playedMs: number;
  /** It was heard to its end. */
  readonly complete: boolean;
}

export interface StreamListener {
  /** @param atMs when the first sample leaves the loudspeaker, on the clock of `performance.now()`. */
  onHeard?(atMs: number): void;
  onEnd?(end: StreamEnd): void;
}

/** What plays the stream, and at which speed. */
export interface StreamDestination {
  readonly context: AudioContext;
  readonly node: AudioNode;
  readonly speed: () => number;
}

export class StreamPlayback {
  readonly #listener: StreamListener;
  readonly #waiting: Int16Array[] = [];
  readonly #queue = new PlaybackQueue();
  readonly #sources = new Set<AudioBufferSourceNode>();
  readonly #stretch = new TimeStretch();
  #stretching = false;
  #waitingSamples = 0;
  #destination: StreamDestination | undefined;
  #ended = false;
  #over = false;
  #heard = false;

  constructor(listener: StreamListener) {
    this.#listener = listener;
  }

  /** Seconds that have arrived and are not scheduled. */
  get waitingSeconds(): number {
    return this.#waitingSamples / SAMPLE_RATE;
  }

  write(pcm: Int16Array): void {
    if (this.#over || this.#ended || pcm.length === 0) return;
    this.#waiting.push(pcm);
    this.#waitingSamples += pcm.length;
    this.#schedule();
  }

  /** Nothing more will arrive; what has is played out. */
  end(): void {
    if (this.#ended || this.#over) return;
    this.#ended = true;
    this.#schedule();
  }

  /** Its turn has come. */
  start(destination: StreamDestination): void {
    this.#destination = destination;
    this.#schedule();
  }

  stop(): StreamEnd {
    const playedMs = this.#playedMs();
    for (const source of this.#sources) {
      source.onended = null;
      source.stop();
      source.disconnect();
    }
    this.#sources.clear();
    const end = { playedMs, complete: false };
    this.#finish(end);
    return end;
  }

  #schedule(): void {
    const destination = this.#destination;
    if (destination === undefined || this.#over) return;
    const { context } = destination;
    while (this.#queue.end < context.currentTime + HORIZON_SECONDS) {
      const pcm = this.#waiting.shift();
      if (pcm === undefined) break;
      this.#waitingSamples -= pcm.length;
      this.#play(toFloat(pcm), destination);
    }
    if (this.#waiting.length > 0 || !this.#ended) return;
    if (this.#stretching) this.#playNow(this.#stretch.flush(), 1, destination);
    this.#stretching = false;
    if (this.#sources.size === 0) this.#finish({ playedMs: this.#playedMs(), complete: true });
  }

  #play(samples: Float32Array<ArrayBuffer>, destination: StreamDestination): void {
    const speed = destination.speed();
    if (speed !== 1) {
      this.#stretching = true;
      this.#playNow(this.#stretch.push(samples, speed), speed, destination);
      return;
    }
    if (this.#stretching) this.#playNow(this.#stretch.flush(), 1, destination);
    this.#stretching = false;
    this.#playNow(samples, 1, destination);
  }

  #playNow(samples: Float32Array<ArrayBuffer>, speed: number, { context, node }: StreamDestination): void {
    if (samples.length === 0) return;
    const buffer = context.createBuffer(1, samples.length, SAMPLE_RATE);
    buffer.copyToChannel(samples, 0);
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.connect(node);
    source.onended = () => {
      source.disconnect();
      this.#sources.delete(source);
      this.#schedule();
    };
    const lead = this.#sources.size === 0 ? LEAD_SECONDS : 0;
    this.#sources.add(source);
    const start = this.#queue.add(buffer.duration, context.currentTime + lead, speed);
    source.start(start);
    if (this.#heard) return;
    this.#heard = true;
    this.#listener.onHeard?.(heardAtMs(context, start));
  }

  #playedMs(): number {
    return this.#destination === undefined ? 0 : this.#queue.playedMs(this.#destination.context.currentTime);
  }

  #finish(end: StreamEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#waiting.length = 0;
    this.#waitingSamples = 0;
    this.#listener.onEnd?.(end);
  }
}

/** When the audio clock's `time` is heard, on the clock of `performance.now()`: after the latency of the device. */
function heardAtMs(context: AudioContext, time: number): number {
  const { contextTime, performanceTime } = context.getOutputTimestamp();
  // Both are 0 until the device runs.
  if (contextTime !== undefined && performanceTime !== undefined && performanceTime > 0)
    return performanceTime + (time - contextTime) * 1000;
  const latency = Number.isFinite(context.outputLatency) ? context.outputLatency : 0;
  return performance.now() + (time - context.currentTime + latency) * 1000;
}

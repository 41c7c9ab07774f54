/** One ffmpeg process that resamples one piece of a recording after another, until it is killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { loudSample, SAMPLE_BYTES, silentSample } from '../mixing/samples.js';
import { BYTES_PER_SAMPLE } from '../pcm.js';
import { resamplerArguments, type SampleEncoding } from './arguments.js';
import type { Piece } from './pieces.js';
import type { RateRatio } from './rate-ratio.js';
import { lowerPriority, SHELL, type Sandbox } from './sandbox.js';
import type { WarmProcess } from './warm-processes.js';

/** The longest packet that ffmpeg reads samples in; it waits until one is complete. */
const PACKET_SECONDS = 0.1;
/** ffmpeg buffers this much output before it writes: a write for each packet would cost as much as the resampling. */
const OUTPUT_BLOCK_BYTES = 32_768;

/** The process has exited, or its output is wrong. Another process can resample the piece. */
export class ResamplerLostError extends Error {
  override readonly name = 'ResamplerLostError';
}

/** Bytes of the output that are kept, by their position since the start of the process. */
interface Window {
  readonly start: number;
  readonly bytes: Buffer;
}

interface Work {
  readonly output: Window;
  readonly marker: Window;
  readonly settle: (error?: ResamplerLostError) => void;
}

/**
 * After a piece the process receives silence with one loud frame in it, the marker. The response to it has to be where it
 * belongs, byte for byte as it was at the start: then no sample before it is missing or added, and nothing of the piece
 * is left in the filter. Only then is the output of the piece returned.
 */
export class ResidentResampler implements WarmProcess {
  /** Resolves when the process has exited, for whatever reason. */
  readonly finished: Promise<void>;
  readonly #child: ChildProcess;
  readonly #ratio: RateRatio;
  readonly #frameBytes: number;
  readonly #silentFrame: Buffer;
  readonly #trailer: Buffer;
  /** Frames of the trailer before the marker. */
  readonly #framesBeforeMarker: number;
  /** Samples of output to each side of the marker in which its response lies. */
  readonly #reach: number;
  /** The response to the marker that is written at the start. */
  readonly #reference: Window;
  #isReferenceChecked = false;
  #frames = 0;
  #received = 0;
  #work: Work | undefined;
  #lost: ResamplerLostError | undefined;

  /** @throws FfmpegStartError when no process can be started. */
  constructor(binary: string, sandbox: Sandbox, encoding: SampleEncoding, ratio: RateRatio) {
    const { format, channels, sampleRate } = encoding;
    this.#ratio = ratio;
    this.#frameBytes = channels * SAMPLE_BYTES[format];
    this.#silentFrame = Buffer.alloc(this.#frameBytes, silentSample(format));
    this.#framesBeforeMarker = 2 * ratio.contextFrames;
    this.#reach = Math.ceil(((ratio.taps / 2 + 1) * ratio.up) / ratio.down);
    const blockFrames = (OUTPUT_BLOCK_BYTES / BYTES_PER_SAMPLE / ratio.up) * ratio.down;
    const flushFrames = Math.ceil(2 * ratio.contextFrames + PACKET_SECONDS * sampleRate + blockFrames);
    const trailerFrames = ratio.roundUpToPeriod(this.#framesBeforeMarker + flushFrames);
    this.#trailer = Buffer.alloc(trailerFrames * this.#frameBytes, this.#silentFrame);
    this.#trailer.fill(
      loudSample(format),
      this.#framesBeforeMarker * this.#frameBytes,
      (this.#framesBeforeMarker + 1) * this.#frameBytes,
    );
    this.#child = sandbox.start(binary, resamplerArguments(encoding), ({ args, options }) =>
      spawn(SHELL, args, { ...options, stdio: ['pipe', 'pipe', 'ignore'] }),
    );
    this.finished = this.#watch();
    this.#reference = this.#markerWindow();
    this.#write([]);
  }

  /**
   * Resamples a piece; one at a time.
   *
   * @returns PCM, 16-bit little-endian, mono, 24 kHz.
   * @throws ResamplerLostError when the process exits, or its output is wrong; then it is killed, too.
   */
  async resample(piece: Piece): Promise<Buffer> {
    const start = this.#ratio.outputSamplesAt(this.#frames + this.#ratio.contextFrames) * BYTES_PER_SAMPLE;
    const output = { start, bytes: Buffer.allocUnsafe(piece.samples * BYTES_PER_SAMPLE) };
    const fillerFrames = this.#ratio.roundUpToPeriod(piece.frames) - piece.frames;
    const filler = Buffer.alloc(fillerFrames * this.#frameBytes, this.#silentFrame);
    try {
      await new Promise<void>((resolve, reject) => {
        if (this.#lost !== undefined) throw this.#lost;
        const settle = (error?: ResamplerLostError): void => {
          if (error === undefined) resolve();
          else reject(error);
        };
        this.#frames += piece.frames + fillerFrames;
        this.#work = { output, marker: this.#markerWindow(), settle };
        this.#write([...piece.bytes, filler]);
      });
    } finally {
      this.#work = undefined;
    }
    return output.bytes;
  }

  /** Kills the process and stops reading its output, so that children it may have cannot delay `finished`. */
  kill(): void {
    this.#lose('The process was killed.');
  }

  #watch(): Promise<void> {
    const { pid, stdin, stdout } = this.#child;
    if (pid !== undefined) lowerPriority(pid);
    stdout?.on('data', (chunk: Buffer) => {
      this.#receive(chunk);
    });
    // The end of the process is what matters, not that it no longer reads.
    stdin?.on('error', () => undefined);
    return new Promise((resolve) => {
      const end = (): void => {
        this.#lose('The process has exited.');
        resolve();
      };
      this.#child.on('error', end);
      this.#child.on('close', end);
    });
  }

  /** @returns the window of the marker in the trailer that is written next. */
  #markerWindow(): Window {
    const marker = this.#ratio.outputSamplesAt(this.#frames + this.#framesBeforeMarker);
    const samples = 2 * this.#reach + 1;
    return {
      start: (marker - this.#reach) * BYTES_PER_SAMPLE,
      bytes: Buffer.alloc(samples * BYTES_PER_SAMPLE),
    };
  }

  #write(buffers: readonly Buffer[]): void {
    this.#frames += this.#trailer.length / this.#frameBytes;
    const { stdin } = this.#child;
    if (stdin === null || stdin.destroyed) return;
    stdin.cork();
    for (const buffer of buffers) stdin.write(buffer);
    stdin.write(this.#trailer);
    stdin.uncork();
  }

  #receive(chunk: Buffer): void {
    if (this.#lost !== undefined) return;
    copyOverlap(chunk, this.#received, this.#reference);
    if (this.#work !== undefined) {
      copyOverlap(chunk, this.#received, this.#work.output);
      copyOverlap(chunk, this.#received, this.#work.marker);
    }
    this.#received += chunk.length;
    if (this.#received > this.#ratio.outputSamplesAt(this.#frames) * BYTES_PER_SAMPLE)
      this.#lose('The process has written more than it was given samples for.');
    if (!this.#isReferenceChecked && this.#received >= endOf(this.#reference)) {
      this.#isReferenceChecked = true;
      if (!isImpulseResponse(this.#reference.bytes)) this.#lose('The process does not resample as expected.');
    }
    if (this.#work === undefined || this.#received < endOf(this.#work.marker)) return;
    if (this.#work.marker.bytes.equals(this.#reference.bytes)) this.#work.settle();
    else this.#lose('The marker after a piece is not where it belongs.');
  }

  #lose(reason: string): void {
    if (this.#lost !== undefined) return;
    this.#lost = new ResamplerLostError(reason);
    this.#work?.settle(this.#lost);
    this.#child.kill('SIGKILL');
    this.#child.stdin?.destroy();
    this.#child.stdout?.destroy();
  }
}

function endOf({ start, bytes }: Window): number {
  return start + bytes.length;
}

/** @param at the position of the chunk. */
function copyOverlap(chunk: Buffer, at: number, window: Window): void {
  const from = Math.max(at, window.start);
  const to = Math.min(at + chunk.length, endOf(window));
  if (from < to) chunk.copy(window.bytes, from - window.start, from - at, to - at);
}

/** Whether there is silence at both ends, and the largest value in the middle. */
function isImpulseResponse(bytes: Buffer): boolean {
  const samples = bytes.length / BYTES_PER_SAMPLE;
  const silence = bytes.readInt16LE(0);
  const middle = (samples - 1) / 2;
  const height = (sample: number): number => Math.abs(bytes.readInt16LE(sample * BYTES_PER_SAMPLE) - silence);
  for (let sample = 0; sample < samples; sample += 1)
    if (sample !== middle && height(sample) >= height(middle)) return false;
  return height(samples - 1) === 0;
}

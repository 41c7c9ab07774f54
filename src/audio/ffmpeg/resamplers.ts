/** Resamples recordings of bare samples in resident processes, one for each sample format in use. */
import { SAMPLE_BYTES } from '../mixing/samples.js';
import type { Semaphore } from '../../semaphore.js';
import type { SampleEncoding } from './arguments.js';
import { FfmpegStartError } from './errors.js';
import { cutPieces, type Piece } from './pieces.js';
import { RateRatio } from './rate-ratio.js';
import { ResamplerLostError, ResidentResampler } from './resident-resampler.js';
import type { Sandbox } from './sandbox.js';
import { WarmProcesses } from './warm-processes.js';

/** Pieces take milliseconds. A process that has not returned one by then never will, or the machine is overloaded. */
const MAX_PIECE_MS = 5_000;
/** After a failure, recordings get processes of their own for this long, so that not every one of them waits for a broken one. */
const PAUSE_AFTER_LOSS_MS = 60_000;

export interface ResamplersOptions {
  readonly binary: string;
  readonly sandbox: Sandbox;
  /** Shared with all other ffmpeg processes. */
  readonly semaphore: Semaphore;
  /** Processes that wait for work; 0: recordings are not resampled here. */
  readonly limit: number;
  /** Time limit of a recording, not counting the wait for a free slot. */
  readonly timeoutMs: number;
  /** Called when a process has failed. */
  readonly onLost: () => void;
}

export class Resamplers {
  readonly #options: ResamplersOptions;
  readonly #processes: WarmProcesses<ResidentResampler>;
  #pausedUntil = 0;

  constructor(options: ResamplersOptions) {
    this.#options = options;
    this.#processes = new WarmProcesses(options.limit);
  }

  /**
   * Resamples a recording piece by piece. Before each piece it waits for a free slot again, so that short recordings do
   * not wait for the whole of a long one.
   *
   * @param read streams the samples.
   * @returns PCM, 16-bit little-endian, mono, 24 kHz; of a recording above `maxBytes` the start, up to a piece more. Undefined
   *   where the recording needs a process of its own: its rate or length is unusual, or the resident process failed.
   * @throws `signal.reason` when aborted; what `read` throws.
   */
  async resample(
    encoding: SampleEncoding,
    read: () => AsyncIterable<Buffer>,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<Buffer | undefined> {
    const ratio = RateRatio.of(encoding.sampleRate);
    if (ratio === undefined || this.#options.limit === 0) return undefined;
    if (performance.now() < this.#pausedUntil) return undefined;
    const pieces = cutPieces(read(), encoding.channels * SAMPLE_BYTES[encoding.format], ratio);
    const pcm: Buffer[] = [];
    let bytes = 0;
    let leftMs = this.#options.timeoutMs;
    const next = async (): Promise<boolean> => {
      const startedAt = performance.now();
      // Read only now, so that recordings that wait for a slot take no memory.
      const piece = await pieces.next();
      if (piece.done === true) return false;
      const resampled = await this.#resamplePiece(encoding, ratio, piece.value, leftMs, signal);
      leftMs -= performance.now() - startedAt;
      pcm.push(resampled);
      bytes += resampled.length;
      return bytes <= maxBytes;
    };
    try {
      let hasMore = true;
      while (hasMore) hasMore = await this.#options.semaphore.run(next, signal);
    } catch (error) {
      // The process of its own will fail in the same way, and report it.
      if (error instanceof FfmpegStartError) return undefined;
      if (!(error instanceof ResamplerLostError)) throw error;
      this.#pausedUntil = performance.now() + PAUSE_AFTER_LOSS_MS;
      this.#options.onLost();
      return undefined;
    } finally {
      await pieces.return(undefined);
    }
    const [only] = pcm;
    return pcm.length <= 1 ? only : Buffer.concat(pcm);
  }

  /** Kills the processes that wait, now and later; resolves when they have exited. */
  async close(): Promise<void> {
    await this.#processes.close();
  }

  async #resamplePiece(
    encoding: SampleEncoding,
    ratio: RateRatio,
    piece: Piece,
    leftMs: number,
    signal: AbortSignal,
  ): Promise<Buffer> {
    signal.throwIfAborted();
    const { binary, sandbox } = this.#options;
    const kind = `${encoding.format} ${encoding.sampleRate} ${encoding.channels}`;
    const process = this.#processes.take(kind) ?? new ResidentResampler(binary, sandbox, encoding, ratio);
    const kill = (): void => {
      process.kill();
    };
    const timer = setTimeout(kill, Math.min(MAX_PIECE_MS, leftMs));
    signal.addEventListener('abort', kill);
    try {
      const pcm = await process.resample(piece);
      this.#processes.put(kind, process);
      return pcm;
    } catch (error) {
      await process.finished;
      signal.throwIfAborted();
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', kill);
    }
  }
}

/** Cuts a recording into pieces that can be resampled independently of each other, and of anything else. */
import { alignChunks } from '../mixing/samples.js';
import type { RateRatio } from './rate-ratio.js';

/** Takes some 20 ms to resample; then another recording gets its turn. */
const PIECE_BYTES = 4 * 1024 * 1024;

export interface Piece {
  /** Frames of the recording, with a context on either side: the frames around them that their output depends on too. */
  readonly bytes: readonly Buffer[];
  /** All frames of `bytes`. */
  readonly frames: number;
  /** Output samples of the frames between the contexts. */
  readonly samples: number;
}

/**
 * The context consists of the neighbouring frames of the recording. Before its start and after its end it is the recording in
 * reverse, which is what libswresample itself does when it resamples the recording in one go.
 *
 * Yields nothing for a recording that is not longer than a context.
 */
export async function* cutPieces(
  recording: AsyncIterable<Buffer>,
  frameBytes: number,
  ratio: RateRatio,
): AsyncGenerator<Piece> {
  const context = ratio.contextFrames * frameBytes;
  const pieceFrames = ratio.roundUpToPeriod(PIECE_BYTES / frameBytes);
  const pieceBytes = pieceFrames * frameBytes;
  /** The context before the next piece, and all frames from there on. */
  let held: Buffer[] = [];
  let heldBytes = 0;
  let isStarted = false;
  let framesBefore = 0;
  for await (const chunk of alignChunks(recording, frameBytes)) {
    held.push(chunk);
    heldBytes += chunk.length;
    if (!isStarted && heldBytes > context) {
      const start = joined(held);
      held = [inReverse(start.subarray(frameBytes, frameBytes + context), frameBytes), start];
      heldBytes += context;
      isStarted = true;
    }
    while (heldBytes >= context + pieceBytes + context) {
      const frames = pieceFrames + 2 * ratio.contextFrames;
      yield {
        bytes: firstBytes(held, frames * frameBytes),
        frames,
        samples: ratio.outputSamplesAt(pieceFrames),
      };
      framesBefore += pieceFrames;
      held = withoutFirst(held, pieceBytes);
      heldBytes -= pieceBytes;
    }
  }
  if (!isStarted) return;
  const samples =
    ratio.outputSamplesOf(framesBefore + heldBytes / frameBytes - ratio.contextFrames) -
    ratio.outputSamplesAt(framesBefore);
  const end = inReverse(lastBytes(held, context), frameBytes);
  yield { bytes: [...held, end], frames: heldBytes / frameBytes + ratio.contextFrames, samples };
}

function joined(buffers: readonly Buffer[]): Buffer {
  const [only] = buffers;
  return buffers.length === 1 && only !== undefined ? only : Buffer.concat(buffers);
}

/** Views, not copies: copying megabytes would cost more than resampling them, most of it in garbage collection. */
function firstBytes(buffers: readonly Buffer[], length: number): Buffer[] {
  const first: Buffer[] = [];
  let missing = length;
  for (const buffer of buffers) {
    if (missing <= 0) break;
    first.push(buffer.subarray(0, missing));
    missing -= buffer.length;
  }
  return first;
}

function withoutFirst(buffers: readonly Buffer[], length: number): Buffer[] {
  const rest: Buffer[] = [];
  let dropped = length;
  for (const buffer of buffers) {
    if (dropped < buffer.length) rest.push(buffer.subarray(Math.max(0, dropped)));
    dropped -= buffer.length;
  }
  return rest;
}

/** @param length at most that of all buffers. */
function lastBytes(buffers: readonly Buffer[], length: number): Buffer {
  const last: Buffer[] = [];
  for (let at = buffers.length - 1, missing = length; missing > 0; at -= 1) {
    const buffer = buffers[at] ?? Buffer.alloc(0);
    last.unshift(buffer.subarray(-missing));
    missing -= last[0]?.length ?? 0;
  }
  return joined(last);
}

/** @returns a copy with the last frame first. */
function inReverse(frames: Buffer, frameBytes: number): Buffer {
  const reversed = Buffer.allocUnsafe(frames.length);
  for (let at = 0; at < frames.length; at += frameBytes)
    frames.copy(reversed, frames.length - at - frameBytes, at, at + frameBytes);
  return reversed;
}

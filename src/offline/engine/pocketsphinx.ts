/** English speech to text with PocketSphinx. */
import { extendBandwidth } from './narrowband.js';
import { loudnessDb } from '../../audio/loudness.js';
import { BYTES_PER_MS, SAMPLE_RATE } from '../../audio/pcm.js';
import type { ProgramRunner } from './process.js';

/**
 * Reads raw samples from a pipe and writes a line for each utterance. The model's filters are defined in Hz, so that it
 * works at 24 kHz as well as at the 16 kHz of its training, as long as a window of 25 ms fits the FFT (1024). The other two
 * limits save a quarter of the time and lose no words.
 */
const SCRIPT =
  'cat | pocketsphinx_continuous -infile /dev/stdin -logfn /dev/null' +
  ` -samprate ${SAMPLE_RATE} -nfft 1024 -maxhmmpf 3000 -maxwpf 5`;
/** A piece of 20 s takes about a sixth of its duration; a process that is 20 times slower hangs. */
const TIMEOUT_MS = 90_000;

const FRAME_MS = 20;
const FRAME_BYTES = FRAME_MS * BYTES_PER_MS;
/** The level of a quiet room through a good microphone. */
const SILENCE_DB = -55;
/** Longer recordings are split where they are quietest, and the pieces recognised in parallel. */
const MAX_PIECE_FRAMES = 20_000 / FRAME_MS;
const MIN_PIECE_FRAMES = MAX_PIECE_FRAMES / 2;
/** A split needs a pause around it, not a gap between two sounds. */
const PAUSE_FRAMES = 200 / FRAME_MS;

export class PocketSphinx {
  readonly #programs: ProgramRunner;

  constructor(programs: ProgramRunner) {
    this.#programs = programs;
  }

  /**
   * Returns the spoken sentences: each utterance starts with a capital and ends with a full stop, which translation needs.
   * @param pcm PCM16 mono 24 kHz
   * @returns an empty string for silence and other sounds than speech
   */
  async transcribe(pcm: Buffer, signal: AbortSignal): Promise<string> {
    const pieces = splitAtPauses(pcm).map((piece) => this.#recognise(piece, signal));
    const utterances = (await Promise.all(pieces)).flat();
    return utterances.map(asSentence).join(' ');
  }

  async #recognise(piece: Buffer, signal: AbortSignal): Promise<string[]> {
    const input = extendBandwidth(piece);
    const output = await this.#programs.run({ script: SCRIPT, input, timeoutMs: TIMEOUT_MS }, signal);
    return output
      .toString('utf8')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  }
}

/** The parts of a recording that may contain speech; none for silence. */
export function splitAtPauses(pcm: Buffer): Buffer[] {
  const levels: number[] = [];
  for (let at = 0; at < pcm.length; at += FRAME_BYTES) {
    levels.push(loudnessDb(pcm.subarray(at, at + FRAME_BYTES)));
  }
  const pieces: Buffer[] = [];
  let start = 0;
  while (start < levels.length) {
    const end = levels.length - start <= MAX_PIECE_FRAMES ? levels.length : quietestFrame(levels, start);
    const isAudible = levels.slice(start, end).some((level) => level > SILENCE_DB);
    if (isAudible) pieces.push(pcm.subarray(start * FRAME_BYTES, end * FRAME_BYTES));
    start = end;
  }
  return pieces;
}

/** The frame with the quietest surroundings in the second half of the piece that starts at `start`. */
function quietestFrame(levels: readonly number[], start: number): number {
  const loudest = (at: number): number =>
    Math.max(...levels.slice(at - PAUSE_FRAMES / 2, at + PAUSE_FRAMES / 2));
  let best = start + MAX_PIECE_FRAMES;
  for (let at = best; at >= start + MIN_PIECE_FRAMES; at -= 1) {
    if (loudest(at) < loudest(best)) best = at;
  }
  return best;
}

/** PocketSphinx writes lower case only. */
function asSentence(utterance: string): string {
  const words = utterance.replace(/(?<![\w'])i(?![\w])/g, 'I');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

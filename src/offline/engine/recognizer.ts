/** English speech to words, by PocketSphinx. */
import { extendBandwidth } from './narrowband.js';
import { loudnessDb } from '../../audio/loudness.js';
import { BYTES_PER_MS } from '../../audio/pcm.js';
import type { ProgramRunner } from './process.js';

/**
 * Raw samples through a pipe; a line for each utterance. The model's filters are laid out in Hz, so that it takes 24 kHz as
 * well as the 16 kHz of its training, as long as a window of 25 ms fits the transform (1024). The other two limits save a
 * quarter of the time, and no words.
 */
const SCRIPT =
  'cat | pocketsphinx_continuous -infile /dev/stdin -logfn /dev/null' +
  ' -samprate 24000 -nfft 1024 -maxhmmpf 3000 -maxwpf 5';
/** Recognition takes about a sixth of the time that was spoken; slower by twenty is stuck. */
const TIMEOUT_MS = 90_000;

const FRAME_MS = 20;
const FRAME_BYTES = FRAME_MS * BYTES_PER_MS;
/** A room where nobody speaks, through a good microphone. */
const SILENCE_DB = -55;
/** Longer recordings are recognised in pieces, side by side, each cut where it is quietest. */
const MAX_PIECE_FRAMES = 20_000 / FRAME_MS;
const MIN_PIECE_FRAMES = MAX_PIECE_FRAMES / 2;
/** A cut needs a pause about it, not a gap between two sounds. */
const PAUSE_FRAMES = 200 / FRAME_MS;

export class Recognizer {
  readonly #programs: ProgramRunner;

  constructor(programs: ProgramRunner) {
    this.#programs = programs;
  }

  /**
   * What was said, as sentences: each utterance begins with a capital and ends with a full stop, which the translation needs.
   * @param pcm PCM16 mono 24 kHz
   * @returns empty for silence and for what is no speech
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

/** The parts of a recording that may hold speech; none for silence. */
export function splitAtPauses(pcm: Buffer): Buffer[] {
  const levels: number[] = [];
  for (let at = 0; at < pcm.length; at += FRAME_BYTES) {
    levels.push(loudnessDb(pcm.subarray(at, at + FRAME_BYTES)));
  }
  const pieces: Buffer[] = [];
  let start = 0;
  while (start < levels.length) {
    const end = levels.length - start <= MAX_PIECE_FRAMES ? levels.length : quietestFrame(levels, start);
    const heard = levels.slice(start, end).some((level) => level > SILENCE_DB);
    if (heard) pieces.push(pcm.subarray(start * FRAME_BYTES, end * FRAME_BYTES));
    start = end;
  }
  return pieces;
}

/** The middle of the quietest stretch in the second half of a piece that starts there. */
function quietestFrame(levels: readonly number[], start: number): number {
  const loudest = (at: number): number =>
    Math.max(...levels.slice(at - PAUSE_FRAMES / 2, at + PAUSE_FRAMES / 2));
  let best = start + MAX_PIECE_FRAMES;
  for (let at = best; at >= start + MIN_PIECE_FRAMES; at -= 1) {
    if (loudest(at) < loudest(best)) best = at;
  }
  return best;
}

/** PocketSphinx writes small letters only. */
function asSentence(utterance: string): string {
  const words = utterance.replace(/(?<![\w'])i(?![\w])/g, 'I');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

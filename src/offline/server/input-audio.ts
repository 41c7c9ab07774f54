/** The input audio buffer of one session, and the turns that voice activity detection finds in it. */
import type { TurnDetection } from '../../wire/index.js';
import { BYTES_PER_MS, pcmDurationMs } from '../../audio/pcm.js';
import { RequestError } from './errors.js';
import { VAD_FRAME_MS, ONSET_MS, VoiceActivityDetector } from '../../audio/vad.js';

/** Offsets from the start of the session's audio, in milliseconds; `audioStartMs` includes the padding, `audioEndMs` the silence. */
export type AudioTurn =
  { type: 'started'; audioStartMs: number } | { type: 'stopped'; audioEndMs: number; audio: Buffer };

const FRAME_BYTES = VAD_FRAME_MS * BYTES_PER_MS;
/** The real server's minimum for a commit. */
const MIN_COMMIT_MS = 100;
/** Eleven minutes; the real limit is not published, 305 s have been seen to work. */
const MAX_BUFFER_BYTES = 32 * 1024 * 1024;
/** How long semantic detection waits after the last word, as a substitute for understanding the sentence. */
const MAX_SILENCE_MS = { low: 1_500, medium: 900, auto: 900, high: 500 } as const;

export class InputAudio {
  #chunks: Buffer[] = [];
  /** Positions in the session's whole input: of the first byte kept, after the last one, and of the next frame to analyse. */
  #start = 0;
  #end = 0;
  #analysed = 0;
  #paddingBytes = 0;
  #detector: VoiceActivityDetector | undefined;

  /** Restarts detection; null switches it off. The buffer keeps its contents. */
  configure(detection: TurnDetection | null): void {
    this.#analysed = this.#end;
    this.#paddingBytes = (detection?.prefixPaddingMs ?? 300) * BYTES_PER_MS;
    this.#detector = detection === null ? undefined : new VoiceActivityDetector(optionsOf(detection));
  }

  /** @throws RequestError when the buffer is full; nothing is appended then. */
  append(audio: Buffer): AudioTurn[] {
    if (this.#end - this.#start + audio.length > MAX_BUFFER_BYTES) {
      const seconds = Math.floor(pcmDurationMs(MAX_BUFFER_BYTES) / 1000);
      throw new RequestError(
        'input_audio_buffer_full',
        `The input audio buffer holds at most ${seconds}s of audio. Commit or clear it.`,
      );
    }
    this.#chunks.push(audio);
    this.#end += audio.length;
    return this.#detector === undefined ? [] : this.#detectTurns(this.#detector);
  }

  /** Removes and returns the whole buffer. @throws RequestError when it is shorter than the minimum. */
  commit(): Buffer {
    const heldMs = pcmDurationMs(this.#end - this.#start);
    if (heldMs < MIN_COMMIT_MS) {
      throw new RequestError(
        'input_audio_buffer_commit_empty',
        `Error committing input audio buffer: buffer too small. Expected at least ${MIN_COMMIT_MS}ms of audio, but buffer only has ${heldMs.toFixed(2)}ms of audio.`,
      );
    }
    this.#detector?.reset();
    return this.#take(this.#end);
  }

  clear(): void {
    this.#detector?.reset();
    this.#take(this.#end);
  }

  #detectTurns(detector: VoiceActivityDetector): AudioTurn[] {
    const turns: AudioTurn[] = [];
    // Frames may span two appends; each is analysed once, so this copies little more than the new bytes.
    const pending = this.#bytesFrom(this.#analysed);
    for (let at = 0; at + FRAME_BYTES <= pending.length; at += FRAME_BYTES) {
      const change = detector.push(pending.subarray(at, at + FRAME_BYTES));
      this.#analysed += FRAME_BYTES;
      if (change === 'started') {
        this.#dropBefore(this.#analysed - ONSET_MS * BYTES_PER_MS - this.#paddingBytes);
        turns.push({ type: 'started', audioStartMs: Math.round(pcmDurationMs(this.#start)) });
      } else if (change === 'stopped') {
        const audioEndMs = Math.round(pcmDurationMs(this.#analysed));
        turns.push({ type: 'stopped', audioEndMs, audio: this.#take(this.#analysed) });
      }
    }
    if (!detector.speaking) this.#dropBefore(this.#analysed - ONSET_MS * BYTES_PER_MS - this.#paddingBytes);
    return turns;
  }

  #bytesFrom(position: number): Buffer {
    let chunkEnd = this.#end;
    let first = this.#chunks.length;
    while (first > 0 && chunkEnd > position) chunkEnd -= this.#chunks[--first]?.length ?? 0;
    const tail = this.#chunks.slice(first);
    const bytes = tail.length === 1 && tail[0] ? tail[0] : Buffer.concat(tail);
    return bytes.subarray(position - chunkEnd);
  }

  #dropBefore(position: number): void {
    for (let head = this.#chunks[0]; head !== undefined && this.#start < position; head = this.#chunks[0]) {
      const excess = Math.min(head.length, position - this.#start);
      if (excess === head.length) this.#chunks.shift();
      else this.#chunks[0] = head.subarray(excess);
      this.#start += excess;
    }
  }

  /** Removes and returns the buffer up to the position. */
  #take(position: number): Buffer {
    const held = Buffer.concat(this.#chunks);
    const taken = held.subarray(0, position - this.#start);
    const rest = held.subarray(position - this.#start);
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#start = position;
    this.#analysed = Math.max(this.#analysed, position);
    return taken;
  }
}

function optionsOf(detection: TurnDetection): { threshold: number; silenceMs: number } {
  const silenceMs =
    detection.type === 'semantic_vad'
      ? MAX_SILENCE_MS[detection.eagerness ?? 'auto']
      : (detection.silenceDurationMs ?? 500);
  return { threshold: detection.threshold ?? 0.5, silenceMs };
}

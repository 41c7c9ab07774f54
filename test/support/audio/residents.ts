/** For tests of resident resamplers: normalizers that have them, and the processes that these start. */
import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import { AudioNormalizer, type NormalizerOptions } from '../../../src/audio/normalize.js';
import { children, countedFfmpeg, Notes } from './processes.js';
import type { Workshop } from './recordings.js';

const LIMITS = { concurrency: 2, timeoutMs: 20_000, maxSeconds: 240 };

/** For the head of a test file: registers hooks, one of which expects that a test leaves no process behind. */
export class Residents {
  readonly #files: Workshop;
  /** Decodes each recording in a process of its own. */
  readonly #plain = new AudioNormalizer(LIMITS);
  #notes: Notes | undefined;

  constructor(files: Workshop) {
    this.#files = files;
    beforeAll(async () => {
      this.#notes = await Notes.open(files.path('notes'));
    });
    afterAll(async () => {
      await this.#plain.close();
      this.#notes?.close();
    });
    beforeEach(() => {
      this.#notes?.clear();
    });
    afterEach(async () => {
      expect(await children()).toEqual([]);
    });
  }

  /** Of the processes that were started, a line for each. */
  get notes(): Notes {
    if (this.#notes === undefined) throw new Error('The notes are opened before the first test.');
    return this.#notes;
  }

  /** The lines of those that are resident. */
  lines(): string[] {
    return this.notes.lines().filter((line) => line.includes('-probesize 32'));
  }

  /** @param script runs in place of ffmpeg. */
  async normalizer(
    script: string = countedFfmpeg(this.notes.path),
    options: Partial<NormalizerOptions> = {},
  ): Promise<AudioNormalizer> {
    const ffmpegPath = await this.#files.write('ffmpeg-resident', script);
    return new AudioNormalizer({ ...LIMITS, ffmpegPath, spare: 2, ...options });
  }

  async decodeAlone(path: string): ReturnType<AudioNormalizer['normalize']> {
    return this.#plain.normalize(path);
  }

  async expectSameAsAlone(normalizer: AudioNormalizer, path: string): Promise<void> {
    const [alone, resampled] = [await this.decodeAlone(path), await normalizer.normalize(path)];
    expect(resampled.durationMs).toBe(alone.durationMs);
    expect(resampled.pcm.equals(alone.pcm)).toBe(true);
  }
}

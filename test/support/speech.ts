/** Real speech for tests: English by Flite, as a WAV or as the samples that a session takes. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { resample } from '../../src/audio/resample.js';

const HEADER_BYTES = 44;
const FLITE_HZ = 16_000;

/** A WAV of PCM16 mono at 16 kHz. `slt` is a woman's voice, `rms` a man's. */
export async function speak(text: string, voice: 'slt' | 'rms' = 'slt'): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'speech-'));
  try {
    const path = join(folder, 'speech.wav');
    await promisify(execFile)('flite', ['-voice', voice, '-t', text, '-o', path]);
    return await readFile(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** PCM16 mono at 24 kHz. */
export async function speakSamples(text: string, voice: 'slt' | 'rms' = 'slt'): Promise<Buffer> {
  return resample((await speak(text, voice)).subarray(HEADER_BYTES), FLITE_HZ, 24_000);
}

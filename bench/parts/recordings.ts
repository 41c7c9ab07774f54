/** Creates the recordings, and finds the ffmpeg that decodes them on both sides. */
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

export const SECONDS = 10;

/** A format that has to be resampled. */
export interface Foreign {
  readonly name: string;
  readonly sampleRate: number;
  readonly channels: number;
  readonly bits: 16 | 24;
  /** The share by which its figures may lie behind the aims, which are those of the first. */
  readonly tolerance: number;
}

export const FOREIGN: readonly Foreign[] = [
  { name: 'WAV 44.1 kHz stereo', sampleRate: 44_100, channels: 2, bits: 16, tolerance: 0 },
  { name: 'WAV 48 kHz mono', sampleRate: 48_000, channels: 1, bits: 16, tolerance: 0.2 },
  { name: 'WAV 16 kHz mono', sampleRate: 16_000, channels: 1, bits: 16, tolerance: 0.2 },
  { name: 'WAV 44.1 kHz stereo, 24 bits', sampleRate: 44_100, channels: 2, bits: 24, tolerance: 0.2 },
];

/** A WAV of a tone over a little noise. @returns its path */
export async function writeWav(
  folder: string,
  sampleRate: number,
  channels: number,
  bits: 16 | 24 = 16,
): Promise<string> {
  const sampleBytes = bits / 8;
  const frameBytes = channels * sampleBytes;
  const data = Buffer.alloc(SECONDS * sampleRate * frameBytes);
  for (let frame = 0; frame < SECONDS * sampleRate; frame += 1) {
    const tone = 8_000 * Math.sin((2 * Math.PI * 220 * frame) / sampleRate);
    for (let channel = 0; channel < channels; channel += 1) {
      const value = tone + 500 * Math.sin(frame * (frame % 97) + channel);
      data.writeIntLE(
        Math.round(value * 2 ** (bits - 16)),
        frame * frameBytes + channel * sampleBytes,
        sampleBytes,
      );
    }
  }
  const header = Buffer.alloc(44);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + data.length, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(sampleRate, 24);
  header.writeUInt32LE(sampleRate * frameBytes, 28);
  header.writeUInt16LE(frameBytes, 32);
  header.writeUInt16LE(bits, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(data.length, 40);
  const file = path.join(folder, `${sampleRate}-${channels}-${bits}.wav`);
  await writeFile(file, Buffer.concat([header, data]));
  return file;
}

/** That of ffmpeg-static if it is installed, otherwise the one on PATH, like the service. */
export function ffmpegBinary(): string {
  try {
    const bundled = createRequire(import.meta.url)('ffmpeg-static') as unknown;
    return typeof bundled === 'string' ? bundled : 'ffmpeg';
  } catch {
    return 'ffmpeg'; // An optional package.
  }
}

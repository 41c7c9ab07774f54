/** Creates the recordings, and finds the ffmpeg that decodes them on both sides. */
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

export const SECONDS = 10;

/** PCM16 WAV of a tone over a little noise. @returns its path */
export async function writeWav(folder: string, sampleRate: number, channels: number): Promise<string> {
  const frames = SECONDS * sampleRate;
  const samples = new Int16Array(frames * channels);
  for (let frame = 0; frame < frames; frame += 1) {
    const tone = 8_000 * Math.sin((2 * Math.PI * 220 * frame) / sampleRate);
    for (let channel = 0; channel < channels; channel += 1) {
      samples[frame * channels + channel] = tone + 500 * Math.sin(frame * (frame % 97) + channel);
    }
  }
  const data = Buffer.from(samples.buffer);
  const header = Buffer.alloc(44);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + data.length, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(sampleRate, 24);
  header.writeUInt32LE(sampleRate * channels * 2, 28);
  header.writeUInt16LE(channels * 2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(data.length, 40);
  const file = path.join(folder, `${sampleRate}-${channels}.wav`);
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

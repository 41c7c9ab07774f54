/** Creates recordings in many formats, and measures levels in decoded samples. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll } from '@jest/globals';

export interface Workshop {
  path: (name: string) => string;
  write: (name: string, bytes: Buffer | string) => Promise<string>;
}

/** A temporary folder that is removed after the test file. */
export function workshop(): Workshop {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'audio-test-'));
    // Programs in it run as another user if the tests run as root.
    await chmod(folder, 0o755);
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });
  const path = (name: string): string => join(folder, name);
  return {
    path,
    write: async (name, bytes) => {
      await writeFile(path(name), bytes, { mode: 0o755 });
      return path(name);
    },
  };
}

/** Runs a program to its end; rejects if it fails. */
export async function run(program: string, ...args: string[]): Promise<string> {
  return (await promisify(execFile)(program, args)).stdout;
}

/** A sine at half of full scale, as ffmpeg's input options. */
export function toneInput(
  options: { hz?: number; seconds?: number; rate?: number; channels?: number } = {},
): string[] {
  const { hz = 440, seconds = 2, rate = 44_100, channels = 1 } = options;
  const wave = Array.from({ length: channels }, () => `0.5*sin(2*PI*${hz}*t)`).join('|');
  return ['-f', 'lavfi', '-i', `aevalsrc='${wave}':s=${rate}:d=${seconds}`];
}

/** Writes a recording with ffmpeg; `args` are its output options. */
export async function record(path: string, input: string[], ...args: string[]): Promise<string> {
  await run('ffmpeg', '-v', 'error', '-y', ...input, ...args, path);
  return path;
}

/** A sine as PCM16LE samples. */
export function sine(
  options: { hz?: number; seconds?: number; rate?: number; amplitude?: number } = {},
): Buffer {
  const { hz = 440, seconds = 1, rate = 24_000, amplitude = 0.5 } = options;
  const pcm = Buffer.alloc(Math.round(seconds * rate) * 2);
  for (let at = 0; at < pcm.length; at += 2) {
    pcm.writeInt16LE(Math.round(32_767 * amplitude * Math.sin((2 * Math.PI * hz * at) / 2 / rate)), at);
  }
  return pcm;
}

export interface Chunk {
  id: string;
  body: Buffer;
  /** The size in the header, if not the real one. */
  size?: number;
  /** Whether a padding byte follows an odd body. */
  padded?: boolean;
}

/** A RIFF file of these chunks, with their claimed sizes. */
export function riff(
  chunks: Chunk[],
  options: { id?: string; size?: number; bigEndian?: boolean } = {},
): Buffer {
  const uint32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    if (options.bigEndian) bytes.writeUInt32BE(value);
    else bytes.writeUInt32LE(value);
    return bytes;
  };
  const parts = chunks.flatMap(({ id, body, size, padded = true }) => [
    Buffer.from(id, 'latin1'),
    uint32(size ?? body.length),
    body,
    Buffer.alloc(padded ? body.length % 2 : 0),
  ]);
  const content = Buffer.concat([Buffer.from('WAVE'), ...parts]);
  return Buffer.concat([Buffer.from(options.id ?? 'RIFF'), uint32(options.size ?? content.length), content]);
}

/** The body of a format chunk. */
export function format(
  options: {
    tag?: number;
    channels?: number;
    rate?: number;
    bits?: number;
    /** The size of a frame, if not that of its samples. */
    frame?: number;
    bigEndian?: boolean;
  } = {},
): Chunk {
  const { tag = 1, channels = 1, rate = 24_000, bits = 16 } = options;
  const { frame = channels * Math.ceil(bits / 8) } = options;
  const body = Buffer.alloc(16);
  body.writeUInt16LE(tag, 0);
  body.writeUInt16LE(channels, 2);
  body.writeUInt32LE(rate, 4);
  body.writeUInt32LE((rate * frame) % 2 ** 32, 8);
  body.writeUInt16LE(frame % 2 ** 16, 12);
  body.writeUInt16LE(bits, 14);
  if (options.bigEndian) {
    for (const [start, end] of [
      [0, 2],
      [2, 4],
      [4, 8],
      [8, 12],
      [12, 14],
      [14, 16],
    ])
      body.subarray(start, end).reverse();
  }
  return { id: 'fmt ', body };
}

/** The extensible form: the tag moves into a GUID. */
export function extensibleFormat(
  options: { channels?: number; rate?: number; bits?: number; validBits?: number; mask?: number } = {},
): Chunk {
  const plain = format({ ...options, tag: 0xfffe }).body;
  const extension = Buffer.alloc(8);
  extension.writeUInt16LE(22, 0);
  extension.writeUInt16LE(options.validBits ?? options.bits ?? 16, 2);
  extension.writeUInt32LE(options.mask ?? 4, 4);
  return {
    id: 'fmt ',
    body: Buffer.concat([plain, extension, Buffer.from('0100000000001000800000aa00389b71', 'hex')]),
  };
}

export function data(body: Buffer, lies: Partial<Chunk> = {}): Chunk {
  return { id: 'data', body, ...lies };
}

export const LIST: Chunk = { id: 'LIST', body: Buffer.from('INFOISFT\x0a\0\0\0A recorder') };

function samplesOf(pcm: Buffer): number[] {
  return Array.from({ length: pcm.length / 2 }, (_, index) => pcm.readInt16LE(index * 2));
}

const decibel = (amplitude: number): number => 20 * Math.log10(Math.max(amplitude, 1e-6));

/** Level of one frequency in dB below full scale (Goertzel); the first and last 0.1 s, where codecs fade, left out. */
export function levelAt(pcm: Buffer, hz: number): number {
  const samples = samplesOf(pcm).slice(2400, -2400);
  const turn = (2 * Math.PI * hz) / 24_000;
  let real = 0;
  let imaginary = 0;
  samples.forEach((sample, index) => {
    // A Hann window keeps a tone between two bins from leaking into others.
    const windowed = sample * (1 - Math.cos((2 * Math.PI * index) / samples.length));
    real += windowed * Math.cos(turn * index);
    imaginary += windowed * Math.sin(turn * index);
  });
  return decibel((Math.hypot(real, imaginary) * 2) / samples.length / 32_768);
}

/** Level of everything in dB: a sine of full scale is 0. */
export function level(pcm: Buffer): number {
  const samples = samplesOf(pcm).slice(2400, -2400);
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  return decibel(Math.sqrt(2 * power) / 32_768);
}

export function peak(pcm: Buffer): number {
  return samplesOf(pcm).reduce((max, sample) => Math.max(max, Math.abs(sample)), 0);
}

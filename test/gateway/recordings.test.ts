/** Real-life recordings through the whole service: every word of them is translated. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startGateway, type Running } from '../support/gateway.js';

const run = promisify(execFile);

const FAMILY = 'vivo en una casa pequeña con mi familia';
const ANIMALS = 'tenemos dos perros y tres gatos';

let running: Running;
let folder: string;

beforeAll(async () => {
  running = await startGateway();
  folder = await mkdtemp(path.join(tmpdir(), 'recordings-'));
});

afterAll(async () => {
  await running.close();
  await rm(folder, { recursive: true });
});

/** A sample in another format. */
async function convert(sample: 'family' | 'animals', extension: string, ...args: string[]): Promise<Buffer> {
  const file = path.join(folder, `${sample}.${extension}`);
  await run('ffmpeg', ['-v', 'error', '-y', '-i', `samples/${sample}.wav`, ...args, file]);
  return readFile(file);
}

/** @returns the words of the translation without punctuation, which speech does not have, and how long the sound was. */
async function translate(recording: Buffer): Promise<{ status: number; words: string; ms: number }> {
  const form = new FormData();
  form.append('source', 'en');
  form.append('target', 'es');
  form.append('file', new Blob([Uint8Array.from(recording)]), 'recording');
  const response = await fetch(`${running.url}/api/realtime/translate`, { method: 'POST', body: form });
  const { text, usage } = (await response.json()) as { text?: string; usage?: { inputAudioMs: number } };
  const words = (text ?? '')
    .toLowerCase()
    .replace(/[.,\n]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return { status: response.status, words, ms: usage?.inputAudioMs ?? 0 };
}

describe('concatenated recordings in one file', () => {
  it('are all translated: WAV files', async () => {
    const two = Buffer.concat([await readFile('samples/family.wav'), await readFile('samples/animals.wav')]);
    expect(await translate(two)).toEqual({ status: 200, words: `${FAMILY} ${ANIMALS}`, ms: 4845 });
  });

  it('are all translated: WAV files of which the first needs no decoder and the second does', async () => {
    const two = Buffer.concat([
      await convert('family', 'wav', '-ar', '24000', '-ac', '1', '-c:a', 'pcm_s16le'),
      await convert('animals', 'wav', '-ar', '44100', '-ac', '2'),
    ]);
    expect(two.length).toBeLessThan(1024 * 1024);
    expect(await translate(two)).toEqual({ status: 200, words: `${FAMILY} ${ANIMALS}`, ms: 4845 });
  });

  it('are all translated: fragmented MP4', async () => {
    const fragments = ['-c:a', 'aac', '-movflags', '+frag_keyframe+empty_moov'];
    const two = Buffer.concat([
      await convert('family', 'mp4', ...fragments),
      await convert('animals', 'mp4', ...fragments),
    ]);
    expect(await translate(two)).toMatchObject({ status: 200, words: `${FAMILY} ${ANIMALS}` });
  });
});

describe('a slightly malformed recording', () => {
  it('is translated if the size in its header was never filled in', async () => {
    const wav = await readFile('samples/family.wav');
    wav.writeUInt32LE(0, wav.indexOf('data') + 4);
    expect(await translate(wav)).toMatchObject({ status: 200, words: FAMILY, ms: 2660 });
  });

  it('is translated if it begins inside a frame', async () => {
    const mp3 = await convert('family', 'mp3', '-ar', '44100', '-b:a', '128k', '-id3v2_version', '0');
    expect(await translate(mp3.subarray(100))).toMatchObject({ status: 200, words: FAMILY });
  });

  it('is translated if a tag precedes it', async () => {
    const tag = Buffer.from('ID3\x04\0\0\0\0\0\x0bTIT2\0\0\0\x01\0\0\0', 'latin1');
    const wav = await convert('family', 'wav', '-ar', '24000', '-ac', '1');
    expect(await translate(Buffer.concat([tag, wav]))).toMatchObject({
      status: 200,
      words: FAMILY,
      ms: 2660,
    });
  });
});

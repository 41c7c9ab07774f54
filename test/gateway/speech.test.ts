import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openRecording } from '../../src/audio/recording.js';
import { readWavFiles } from '../../src/audio/wav/files.js';
import { startGateway, type Running } from '../support/gateway.js';

const run = promisify(execFile);

const ENGLISH = 'I would like a cup of coffee and a glass of water.';
const SPANISH = 'Me gustaría una taza de café y un vaso de agua.';

let running: Running;
let folder: string;

beforeAll(async () => {
  running = await startGateway();
  folder = await mkdtemp(path.join(tmpdir(), 'speech-'));
});

afterAll(async () => {
  await running.close();
  await rm(folder, { recursive: true });
});

/** English speech by flite, as a WAV at its 16 kHz. */
async function spoken(text: string): Promise<string> {
  const file = path.join(folder, 'said.wav');
  await run('flite', ['-voice', 'slt', '-t', text, '-o', file]);
  return file;
}

async function upload(file: string, fields: Record<string, string>, headers = {}): Promise<Response> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', new Blob([await readFile(file)]), 'recording');
  return fetch(`${running.url}/api/realtime/translate`, { method: 'POST', body: form, headers });
}

describe('speech', () => {
  it('is translated into the right words, whatever format it was recorded in', async () => {
    const wav = await spoken(ENGLISH);
    const ogg = path.join(folder, 'said.ogg');
    await run('ffmpeg', [
      '-v',
      'error',
      '-y',
      '-i',
      wav,
      '-ar',
      '48000',
      '-c:a',
      'libopus',
      '-b:a',
      '48k',
      ogg,
    ]);
    for (const file of [wav, ogg]) {
      const response = await upload(file, { source: 'en', target: 'es' });
      expect(response.status).toBe(200);
      const { text, usage } = (await response.json()) as { text: string; usage: { inputAudioMs: number } };
      // Speech has no punctuation, so it is not compared.
      expect(words(text)).toEqual(words(SPANISH));
      expect(usage.inputAudioMs).toBeGreaterThan(2_000);
    }
  });

  it('is answered with audio: a valid, audible WAV at 24 kHz', async () => {
    const response = await upload(await spoken(ENGLISH), { target: 'es' }, { accept: 'audio/wav' });
    expect(response.headers.get('content-type')).toBe('audio/wav');
    expect(words(decodeURIComponent(response.headers.get('x-translation-text') ?? ''))).toEqual(
      words(SPANISH),
    );
    const file = path.join(folder, 'reply.wav');
    await writeFile(file, Buffer.from(await response.arrayBuffer()));
    const reply = await openRecording(file);
    const header = { sampleRate: 24_000, channels: 1, bitsPerSample: 16 };
    expect(await readWavFiles(reply, 0)).toMatchObject([{ header }]);
    await reply.close();
    const { duration, meanVolume } = await measure(file);
    expect(duration).toBeGreaterThan(1.5);
    expect(duration).toBeLessThan(10);
    expect(meanVolume).toBeGreaterThan(-35);
  });

  it('that is silence is an empty text, not an error', async () => {
    const file = path.join(folder, 'silence.wav');
    await run('ffmpeg', [
      '-v',
      'error',
      '-y',
      '-f',
      'lavfi',
      '-i',
      'anullsrc=r=24000:cl=mono',
      '-t',
      '1',
      file,
    ]);
    const response = await upload(file, { source: 'en', target: 'es' });
    expect(await response.json()).toMatchObject({ text: '', responses: [''] });
  });

  it('in a language that the offline engine does not recognize is rejected with a sentence', async () => {
    const response = await upload(await spoken(ENGLISH), { source: 'es', target: 'en' });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ code: 'unsupported-language', retryable: false });
  });

  it('leaves no upload behind', async () => {
    expect((await running.uploads()).filter((name) => !name.startsWith('.'))).toEqual([]);
  });
});

describe('text', () => {
  it.each([
    ['en', 'es', 'Good morning, my friend.', 'Buenos días, mi amigo.'],
    ['es', 'en', 'El gato bebe leche.', 'The cat drinks milk.'],
    ['en', 'pt', 'We have two dogs and three cats.', 'Temos dois cães e três gatos.'],
  ])('is translated from %s to %s', async (source, target, text, expected) => {
    const body = new URLSearchParams({ text, source, target });
    const response = await fetch(`${running.url}/api/realtime/translate`, { method: 'POST', body });
    expect(((await response.json()) as { text: string }).text).toBe(expected);
  });
});

function words(text: string): string[] {
  return text.toLowerCase().match(/\p{L}+/gu) ?? [];
}

/** Seconds, and mean volume in dB below full scale, as ffmpeg measures them. */
async function measure(file: string): Promise<{ duration: number; meanVolume: number }> {
  const { stderr } = await run('ffmpeg', [
    '-hide_banner',
    '-i',
    file,
    '-af',
    'volumedetect',
    '-f',
    'null',
    '-',
  ]);
  const [, minutes = '', seconds = ''] = /Duration: \d+:(\d+):([\d.]+)/.exec(stderr) ?? [];
  const [, volume = ''] = /mean_volume: (-?[\d.]+) dB/.exec(stderr) ?? [];
  return { duration: Number(minutes) * 60 + Number(seconds), meanVolume: Number(volume) };
}

/** Voice activity detection on what flite says: one sentence is one turn, loud or faint, over hiss or in silence. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { InputAudio, type AudioTurn } from '../../src/offline/server/input-audio.js';
import { pcmDurationMs } from '../../src/audio/pcm.js';
import { silence } from '../support/offline-audio.js';

const SENTENCES = ['Good morning, how are you today?', 'Where is the train station?', 'Yes.'];
const HEADER_BYTES = 44;

let folder: string;
const spoken = new Map<string, Buffer>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vad-'));
  for (const sentence of SENTENCES) {
    const path = join(folder, 'sentence.wav');
    await promisify(execFile)('flite', ['-voice', 'slt', '-t', sentence, '-o', path]);
    spoken.set(sentence, to24kHz((await readFile(path)).subarray(HEADER_BYTES)));
  }
});

afterAll(() => rm(folder, { recursive: true }));

describe.each(SENTENCES)('«%s»', (sentence) => {
  it.each([
    [1, 0],
    [0.25, 0],
    [0.1, 0],
    [1, 60],
    [0.25, 60],
  ])('is one turn at gain %d over noise of amplitude %d', (gain, noise) => {
    const speech = spoken.get(sentence) ?? Buffer.alloc(0);
    const pcm = disturb(Buffer.concat([silence(700), speech, silence(900)]), gain, noise);
    const input = new InputAudio();
    input.configure({ type: 'server_vad', prefixPaddingMs: 100 });
    const turns: AudioTurn[] = [];
    for (let at = 0; at < pcm.length; at += 1_000) turns.push(...input.append(pcm.subarray(at, at + 1_000)));
    expect(turns.map(({ type }) => type)).toEqual(['started', 'stopped']);
    const [started, stopped] = turns;
    if (started?.type !== 'started' || stopped?.type !== 'stopped') throw new Error('no turn');
    expect(started.audioStartMs).toBeGreaterThan(550);
    expect(started.audioStartMs).toBeLessThan(1_050);
    expect(stopped.audioEndMs).toBeLessThan(700 + pcmDurationMs(speech.length) + 520);
    expect(pcmDurationMs(stopped.audio.length)).toBeCloseTo(stopped.audioEndMs - started.audioStartMs, -1);
  });
});

/** flite speaks at 16 kHz: three samples for every two, by straight lines. */
function to24kHz(pcm: Buffer): Buffer {
  const last = pcm.length / 2 - 1;
  const out = Buffer.alloc(Math.floor(last * 1.5) * 2);
  for (let sample = 0; sample < out.length / 2; sample += 1) {
    const position = sample / 1.5;
    const before = Math.floor(position);
    const from = pcm.readInt16LE(2 * before);
    const to = pcm.readInt16LE(2 * Math.min(last, before + 1));
    out.writeInt16LE(Math.round(from + (to - from) * (position - before)), 2 * sample);
  }
  return out;
}

/** Louder or fainter, with a hiss that is the same each time. */
function disturb(pcm: Buffer, gain: number, amplitude: number): Buffer {
  let seed = 1;
  const out = Buffer.alloc(pcm.length);
  for (let at = 0; at < pcm.length; at += 2) {
    seed = (seed * 48_271) % 2_147_483_647;
    out.writeInt16LE(
      Math.round(pcm.readInt16LE(at) * gain + amplitude * ((2 * seed) / 2_147_483_647 - 1)),
      at,
    );
  }
  return out;
}

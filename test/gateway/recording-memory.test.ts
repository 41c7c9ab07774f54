/** The memory that a long recording takes is that of its segments under way, whatever its length. */
import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import { encodeWav } from '../../src/audio/wav/wav.js';
import { record, workshop } from '../support/audio/recordings.js';
import { startTarget } from '../support/hostile/target.js';
import { sendRecording, speakSentences } from '../support/sentences.js';

const files = workshop();
const MOST_GROWTH_BYTES = 60_000_000;
const SENTENCES = ['I live in a small house with my family.', 'We have two dogs and three cats.'];

it('half an hour takes no more than 60 MB beyond what ten minutes left behind', async () => {
  const minutes = await speakSentences(
    Array.from({ length: 60 }, (_, at) => SENTENCES[at % 2] ?? ''),
    5,
  );
  const wav = await files.write('five-minutes.wav', encodeWav(minutes.pcm));
  const lengthen = async (times: number): Promise<Buffer> => {
    const input = ['-stream_loop', String(times - 1), '-i', wav];
    return readFile(await record(files.path(`${times}.ogg`), input, '-c:a', 'libopus', '-b:a', '32k'));
  };
  const target = await startTarget({ MAX_RECORDING_SECONDS: '3600' });
  try {
    const translate = async (recording: Buffer): Promise<number> => {
      const asked = sendRecording(target.url, recording, { target: 'es', format: 'verbose_json' });
      const body = (await (await asked).json()) as { segments: unknown[] };
      return body.segments.length;
    };
    const ten = await lengthen(2);
    for (let time = 0; time < 2; time += 1) expect(await translate(ten)).toBe(120);
    const before = await target.residentBytes();
    let most = before;
    const watching = setInterval(() => {
      void target.residentBytes().then((bytes) => (most = Math.max(most, bytes)));
    }, 20);
    const segments = await translate(await lengthen(6)).finally(() => {
      clearInterval(watching);
    });
    expect(segments).toBe(360);
    process.stdout.write(
      `grew by ${Math.round((most - before) / 1e6)} MB from ${Math.round(before / 1e6)} MB\n`,
    );
    expect(most - before).toBeLessThan(MOST_GROWTH_BYTES);
  } finally {
    await target.close();
  }
}, 240_000);

/** The memory that uploads share: its bound, and that a buffer is used again, but never one that somebody still reads. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AudioNormalizer } from '../../src/audio/normalize.js';
import { encodeWav } from '../../src/audio/wav/wav.js';
import { UploadMemory } from '../../src/http/body/upload-memory.js';
import { UploadSink } from '../../src/http/body/upload-sink.js';
import { data, format, riff, sine } from '../support/audio/recordings.js';

const MB = 1024 * 1024;

describe('the memory of uploads', () => {
  it('gives a buffer again, to an upload that needs a quarter of it or more', () => {
    const memory = new UploadMemory();
    const first = memory.take(MB);
    if (first === undefined) throw new Error('There was no room.');
    memory.giveBack(first);
    expect(memory.take(MB / 4 - 1)).not.toBe(first);
    expect(memory.take(MB + 1)).not.toBe(first);
    expect(memory.take(MB / 4)).toBe(first);
    expect(memory.take(MB / 4)).not.toBe(first);
  });

  it('never gives one again that was to be forgotten', () => {
    const memory = new UploadMemory();
    const first = memory.take(MB);
    if (first === undefined) throw new Error('There was no room.');
    memory.forget(first);
    expect(memory.stats).toEqual({ used: 0, waiting: 0 });
    expect(memory.take(MB)).not.toBe(first);
  });

  it('has room up to its bound, for which buffers that wait are given up', () => {
    const memory = new UploadMemory(4 * MB);
    const small = [memory.take(MB), memory.take(MB)];
    expect(memory.take(3 * MB)).toBeUndefined();
    for (const buffer of small) if (buffer !== undefined) memory.giveBack(buffer);
    expect(memory.stats).toEqual({ used: 0, waiting: 2 * MB });
    expect(memory.take(3 * MB)).toHaveLength(3 * MB);
    expect(memory.stats).toEqual({ used: 3 * MB, waiting: MB });
    expect(memory.take(2 * MB)).toBeUndefined();
  });
});

describe('what came of an upload', () => {
  let folder: string;
  const normalizer = new AudioNormalizer({ concurrency: 2, spare: 2, timeoutMs: 20_000, maxSeconds: 60 });
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'upload-memory-'));
  });
  afterAll(async () => {
    await normalizer.close();
    await rm(folder, { recursive: true });
  });

  const wav = (seconds: number, options: Parameters<typeof format>[0] = {}): Buffer =>
    riff([format(options), data(sine({ seconds, ...options }))]);
  const native = encodeWav(sine({ seconds: 3 }));
  const empty = { ...data(Buffer.from([1])) };
  const recordings: readonly [string, Buffer][] = [
    ['native samples', native],
    ['samples of another rate', wav(2, { rate: 44_100 })],
    ['samples of several files', Buffer.concat([wav(1, { rate: 48_000 }), native])],
    // The first file has less than a frame, and nothing is left of it.
    ['native samples after a file of none', Buffer.concat([riff([format({ channels: 2 }), empty]), native])],
  ];

  it.each(recordings)(
    'stays what it is when the next upload takes the memory: %s',
    async (_what, recording) => {
      const memory = new UploadMemory();
      const upload = async (bytes: Buffer): Promise<UploadSink> => {
        const sink = new UploadSink(join(folder, 'upload'), bytes.length, memory);
        sink.end(bytes);
        await finished(sink);
        return sink;
      };
      const sink = await upload(recording);
      expect(Buffer.isBuffer(sink.recording)).toBe(true);
      const { pcm } = await normalizer.normalize(sink.recording);
      const before = Buffer.from(pcm);
      await sink.remove();
      for (let next = 0; next < 3; next += 1)
        await (
          await upload(Buffer.concat([wav(0.1, { rate: 8_000 }), Buffer.alloc(recording.length, 0xee)]))
        ).remove();
      expect(pcm.equals(before)).toBe(true);
      expect(memory.stats.used).toBe(0);
    },
  );
});

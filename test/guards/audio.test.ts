/** What a recording may cost, counted and not timed: bytes set aside for each of its bytes, passes over it, processes. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { AudioNormalizer } from '../../src/audio/normalize.js';
import { UploadMemory } from '../../src/http/body/upload-memory.js';
import { UploadSink } from '../../src/http/body/upload-sink.js';
import { dialects } from '../../src/wire/index.js';
import { countedFfmpeg, Notes } from '../support/audio/processes.js';
import { data, format, riff, sine, workshop } from '../support/audio/recordings.js';

const files = workshop();
const LIMITS = { concurrency: 2, timeoutMs: 20_000, maxSeconds: 240 };
const SECONDS = 10;
const PCM_BYTES = SECONDS * 48_000;

afterEach(() => {
  jest.restoreAllMocks();
});

/** Bytes set aside in Buffers of 1 kB and more while `work` runs, for files too; what node reads sockets into is its own. */
async function bytesSetAside(work: () => Promise<void>): Promise<number> {
  let bytes = 0;
  const count = <B extends Buffer>(made: B): B => {
    if (made.length >= 1_024) bytes += made.length;
    return made;
  };
  const alloc = Buffer.alloc.bind(Buffer);
  const allocUnsafe = Buffer.allocUnsafe.bind(Buffer);
  const allocUnsafeSlow = Buffer.allocUnsafeSlow.bind(Buffer);
  const concat = Buffer.concat.bind(Buffer);
  jest.spyOn(Buffer, 'alloc').mockImplementation((...args) => count(alloc(...args)));
  jest.spyOn(Buffer, 'allocUnsafe').mockImplementation((size) => count(allocUnsafe(size)));
  // What node reads files into.
  jest.spyOn(Buffer, 'allocUnsafeSlow').mockImplementation((size) => count(allocUnsafeSlow(size)));
  // Whether it sets aside what it joins by `allocUnsafe` or by itself depends on node's version.
  jest.spyOn(Buffer, 'concat').mockImplementation((...args) => {
    const before = bytes;
    const made = concat(...args);
    bytes = before;
    return count(made);
  });
  await work();
  jest.restoreAllMocks();
  return bytes;
}

describe('a recording that is ready', () => {
  it('needs no process, and is read into memory once', async () => {
    const path = await files.write(
      'ready.wav',
      riff([format({ rate: 24_000 }), data(sine({ seconds: SECONDS, rate: 24_000 }))]),
    );
    const normalizer = new AudioNormalizer({ ...LIMITS, ffmpegPath: files.path('no-such-ffmpeg') });
    const bytes = await bytesSetAside(async () => {
      expect((await normalizer.normalize(path)).pcm).toHaveLength(PCM_BYTES);
    });
    expect(bytes).toBeGreaterThanOrEqual(PCM_BYTES);
    expect(bytes).toBeLessThan(1.1 * PCM_BYTES);
    await normalizer.close();
  });

  it('is set aside once as it comes in, in no file, and not copied on its way to the wire', async () => {
    const path = files.path('upload');
    const wav = riff([format({ rate: 24_000 }), data(sine({ seconds: SECONDS, rate: 24_000 }))]);
    const normalizer = new AudioNormalizer({ ...LIMITS, ffmpegPath: files.path('no-such-ffmpeg') });
    const bytes = await bytesSetAside(async () => {
      const intake = new UploadSink(path, wav.length, new UploadMemory());
      for (let at = 0; at < wav.length; at += 65_536) intake.write(wav.subarray(at, at + 65_536));
      intake.end();
      await once(intake, 'finish');
      expect((await normalizer.normalize(intake.recording)).pcm).toHaveLength(PCM_BYTES);
    });
    expect(bytes).toBeGreaterThanOrEqual(PCM_BYTES);
    // 64 kB stand in for it until it is certain that more will come.
    expect(bytes).toBeLessThan(1.05 * PCM_BYTES + 65_536);
    expect(existsSync(path)).toBe(false);
    await normalizer.close();
  });

  it('that comes byte for byte costs no more than three times its bytes', async () => {
    const wav = riff([format({ rate: 24_000 }), data(sine({ seconds: 1, rate: 24_000 }))]);
    const bytes = await bytesSetAside(async () => {
      const intake = new UploadSink(files.path('upload'), 0, new UploadMemory());
      for (let at = 0; at < wav.length; at += 1) intake.write(wav.subarray(at, at + 1));
      intake.end();
      await once(intake, 'finish');
      expect(intake.recording).toEqual(wav);
    });
    expect(bytes).toBeLessThan(3 * wav.length);
  });
});

describe('any other recording', () => {
  it('needs one process, and its samples are put together once', async () => {
    const notes = await Notes.open(files.path('starts'));
    const ffmpegPath = await files.write('counted-ffmpeg', countedFfmpeg(notes.path));
    const normalizer = new AudioNormalizer({ ...LIMITS, ffmpegPath, spare: 0 });
    const path = await files.write(
      'other.wav',
      riff([format({ rate: 44_100 }), data(sine({ seconds: SECONDS, rate: 44_100 }))]),
    );
    for (const started of [1, 2, 3]) {
      let decoded = 0;
      const bytes = await bytesSetAside(async () => {
        decoded = (await normalizer.normalize(path)).pcm.length;
      });
      expect(decoded).toBe(PCM_BYTES);
      // What goes in is read by the process itself, what comes out is collected and joined.
      expect(bytes).toBeGreaterThanOrEqual(decoded);
      expect(bytes).toBeLessThan(1.1 * decoded);
      expect(notes.lines()).toHaveLength(started);
    }
    await normalizer.close();
    notes.close();
  });
});

describe.each(Object.values(dialects))('a recording in a frame of $name', (dialect) => {
  it('is made base64 once, written into the bytes of its frame, and read by nothing else on its way', async () => {
    const pcm = Buffer.alloc(PCM_BYTES, 7);
    const toText = jest.spyOn(Buffer.prototype, 'toString');
    const stringify = jest.spyOn(JSON, 'stringify');
    let frame: string | Buffer = '';
    const bytes = await bytesSetAside(() => {
      frame = dialect.encodeClientFrame({
        type: 'response.create',
        response: { conversation: 'none', input: [{ role: 'user', parts: [{ type: 'audio', audio: pcm }] }] },
      });
      return Promise.resolve();
    });
    const lengths = (spied: { mock: { results: { value: unknown }[] } }): number[] =>
      spied.mock.results.map(({ value }) => String(value).length);
    const text = (PCM_BYTES * 4) / 3;
    expect(lengths(toText).reduce((sum, length) => sum + length, 0)).toBe(text);
    // No text is as long as would outlive the request.
    expect(Math.max(...lengths(toText))).toBeLessThan(100_000);
    expect(Math.max(...lengths(stringify))).toBeLessThan(1_000);
    expect(bytes).toBe(frame.length);
    expect(frame.length).toBeGreaterThan(text);
    expect(frame.length).toBeLessThan(text + 1_000);
  });
});

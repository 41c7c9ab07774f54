/** How a recording is taken in: what stays in memory, what goes into a file, and that nothing is left of either. */
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished, pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { encodeWav } from '../../src/audio/wav/wav.js';
import { UploadSink, MAX_MEMORY_BYTES } from '../../src/http/body/upload-sink.js';
import { UploadMemory } from '../../src/http/body/upload-memory.js';
import { wavAtRate } from '../support/wav.js';

const HEADER_BYTES = 44;
const ready = encodeWav(Buffer.alloc(30_000, 7));
const foreign = wavAtRate(Buffer.alloc(30_000, 7), 44_100);
const other = Buffer.concat([Buffer.from('fLaC'), Buffer.alloc(30_000, 7)]);

let folder: string;
let memory: UploadMemory;
let intake: UploadSink;
beforeEach(async () => {
  memory = new UploadMemory();
  folder = await mkdtemp(join(tmpdir(), 'intake-'));
});
afterEach(async () => {
  await intake.remove();
  expect(await readdir(folder)).toEqual([]);
  expect(memory.stats.used).toBe(0);
  await rm(folder, { recursive: true });
});

/** @param heldMs by itself so long that no busy machine makes a recording late. */
function begin(announced = 0, heldMs = 60_000): UploadSink {
  intake = new UploadSink(join(folder, 'upload'), announced, memory, heldMs);
  return intake;
}

/** In pieces of so many bytes. */
function* pieces(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Resolves when the intake has done with what it was given. */
function give(bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    intake.write(bytes, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

async function take(bytes: Buffer, size: number, announced = 0): Promise<UploadSink['recording']> {
  await pipeline(Readable.from(pieces(bytes, size), { objectMode: false }), begin(announced));
  return intake.recording;
}

describe.each([
  ['that is ready', ready],
  ['of samples that have to be converted', foreign],
])('a recording %s', (_kind, wav) => {
  it.each([
    ['in one piece', wav.length],
    ['with its header in two', 30],
    ['byte for byte', 1],
  ])('stays in memory when it comes %s', async (_how, size) => {
    for (const announced of [0, 100, wav.length + 300]) {
      expect(await take(wav, size, announced)).toEqual(wav);
      expect(await readdir(folder)).toEqual([]);
    }
  });

  it('stays in memory where its samples begin late', async () => {
    const list = Buffer.concat([Buffer.from('LIST\xb8\x0b\0\0', 'latin1'), Buffer.alloc(3_000)]);
    const late = Buffer.concat([wav.subarray(0, 36), list, wav.subarray(36)]);
    expect(await take(late, 1_000)).toEqual(late);
  });

  it('goes into a file when it does not come soon, and is whole there', async () => {
    begin(wav.length, 20);
    await give(wav.subarray(0, 1_000));
    while ((await readdir(folder)).length === 0) await new Promise((resolve) => setImmediate(resolve));
    await give(wav.subarray(1_000, 2_000));
    intake.end(wav.subarray(2_000));
    await finished(intake);
    expect(intake.recording).toBe(join(folder, 'upload'));
    expect(await readFile(join(folder, 'upload'))).toEqual(wav);
  });

  it('goes into a file as well when nothing tells yet that it is ready, and it does not come soon', async () => {
    begin(0, 20);
    await give(wav.subarray(0, 10));
    while ((await readdir(folder)).length === 0) await new Promise((resolve) => setImmediate(resolve));
    intake.end(wav.subarray(10));
    await finished(intake);
    expect(await readFile(join(folder, 'upload'))).toEqual(wav);
  });

  it('that is whole is not late any more', async () => {
    begin(0, 20);
    intake.end(wav);
    await finished(intake);
    const from = performance.now();
    while (performance.now() - from < 60) await readdir(folder);
    expect(intake.recording).toEqual(wav);
    expect(await readdir(folder)).toEqual([]);
  });

  const ofBytes = (bytes: number): Buffer =>
    Buffer.concat([wav.subarray(0, HEADER_BYTES - 4), Buffer.alloc(bytes - HEADER_BYTES + 4, 255)]);

  it('goes into a file as soon as it is larger than what one may have in memory', async () => {
    expect(await take(ofBytes(MAX_MEMORY_BYTES), 65_536)).toHaveLength(MAX_MEMORY_BYTES);
    expect(await readdir(folder)).toEqual([]);
    await intake.remove();

    const larger = ofBytes(MAX_MEMORY_BYTES + 2);
    const path = await take(larger, 65_536, larger.length);
    expect(path).toBe(join(folder, 'upload'));
    expect((await readFile(String(path))).equals(larger)).toBe(true);
  });

  it('goes into a file, whole, where others have taken the memory', async () => {
    memory = new UploadMemory(200_000);
    await take(ofBytes(150_000), 65_536, 150_000);
    const first = intake;
    const path = await take(ofBytes(100_000), 10_000);
    expect((await readFile(String(path))).equals(ofBytes(100_000))).toBe(true);
    await intake.remove();
    await first.remove();
    expect(await take(ofBytes(100_000), 10_000)).toEqual(ofBytes(100_000));
  });
});

describe('any other recording', () => {
  it.each([
    ['of another container', other],
    ['nothing', Buffer.alloc(0)],
    ['less than the head of a container', Buffer.from('RIFF')],
    ['a WAV that ends before its samples', ready.subarray(0, 38)],
    ['text', Buffer.from('not a recording')],
    ['four kilobytes of chunks and no samples', Buffer.concat([ready.subarray(0, 36), Buffer.alloc(9_000)])],
  ])('is a file of this user alone: %s', async (_what, bytes) => {
    for (const size of [1, 40, 65_536]) {
      const path = String(await take(bytes, size));
      expect((await readFile(path)).equals(bytes)).toBe(true);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      await intake.remove();
    }
  });

  it('is in its file as it comes', async () => {
    begin();
    await give(other.subarray(0, 20_000));
    expect((await stat(join(folder, 'upload'))).size).toBe(20_000);
  });

  it('never takes the place of a file that is there', async () => {
    await take(other, 65_536);
    const second = new UploadSink(join(folder, 'upload'), 0, memory);
    second.end(other);
    await expect(finished(second)).rejects.toMatchObject({ code: 'EEXIST' });
  });
});

describe('an intake that is given up', () => {
  it.each([
    ['in memory', ready],
    ['in memory that is used again', foreign],
    ['in its file', other],
    ['too short to tell', Buffer.from('RIFF')],
  ])('leaves nothing: %s', async (_where, bytes) => {
    begin();
    await give(bytes);
    await Promise.all([intake.remove(), intake.remove()]);
    expect(intake.destroyed).toBe(true);
    expect(await readdir(folder)).toEqual([]);
  });

  it('leaves nothing while its file is being made', async () => {
    begin();
    intake.write(other);
    await intake.remove();
    expect(await readdir(folder)).toEqual([]);
  });

  it('leaves nothing when its source breaks', async () => {
    const source = new Readable({ read: () => undefined });
    const taken = pipeline(source, begin());
    source.push(other);
    source.destroy(new Error('the client left'));
    await expect(taken).rejects.toThrow('the client left');
    await intake.remove();
    expect(await readdir(folder)).toEqual([]);
  });

  it('tells why it could not be stored', async () => {
    await rm(folder, { recursive: true });
    await expect(take(other, 65_536)).rejects.toMatchObject({ code: 'ENOENT' });
    await intake.remove();
    folder = await mkdtemp(join(tmpdir(), 'intake-'));
  });
});

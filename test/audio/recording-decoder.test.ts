/** Recordings and films of any length as a stream: the same samples as at once, bounded, and nothing left behind. */
import { readFile, symlink, readdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { RecordingDecoder } from '../../src/audio/ffmpeg/recording-decoder.js';
import { AudioNormalizer } from '../../src/audio/normalize.js';
import { writeSampleFile } from '../../src/audio/sample-file.js';
import { levelAt, record, run, sine, toneInput, workshop } from '../support/audio/recordings.js';
import { until } from '../support/until.js';

const files = workshop();
const decoder = new RecordingDecoder({ concurrency: 2, maxSeconds: 20 });
const normalizer = new AudioNormalizer({ concurrency: 2, timeoutMs: 20_000, maxSeconds: 20 });
afterAll(() => Promise.all([decoder.close(), normalizer.close()]));

async function decode(path: string, by = decoder, signal?: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of by.decode(path, signal)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const PICTURE = ['-f', 'lavfi', '-i', 'testsrc=size=64x48:rate=5:d=2'];

/** A film whose tracks sound at 1700, 440 and 2600 Hz. */
async function film(name: string, codecs: string[], ...args: string[]): Promise<string> {
  const tones = [1700, 440, 2600].flatMap((hz) => toneInput({ hz, rate: 48_000 }));
  const maps = [3, 0, 1, 2].flatMap((input) => ['-map', `${input}`]);
  return await record(files.path(name), [...tones, ...PICTURE], ...maps, ...codecs, ...args);
}

/** Processes of this one, zombies included. */
async function childProcesses(): Promise<number> {
  return (await run('ps', '-o', 'comm=', '--ppid', String(process.pid)))
    .split('\n')
    .filter((name) => /ffmpeg|^sh$/.test(name)).length;
}

describe('the samples are those of a recording decoded at once', () => {
  it.each([
    ['wav', ['-ar', '24000', '-ac', '1']],
    ['wav', ['-ar', '44100', '-ac', '2']],
    ['wav', ['-c:a', 'adpcm_ms']],
    ['mp3', []],
    ['m4a', []],
    ['ogg', ['-c:a', 'libvorbis', '-ac', '2']],
    ['flac', ['-ac', '6']],
    ['webm', ['-c:a', 'libopus']],
  ])('in %s (%j)', async (extension, args) => {
    const path = await record(files.path(`same.${extension}`), toneInput(), ...args);
    const { pcm } = await normalizer.normalize(path);
    expect((await decode(path)).equals(pcm)).toBe(true);
  });

  it('in several recordings back to back', async () => {
    const path = await record(files.path('one.mp3'), toneInput());
    const wav = await readFile(await record(files.path('one.wav'), toneInput(), '-ar', '24000', '-ac', '1'));
    const other = await readFile(await record(files.path('two.wav'), toneInput({ hz: 900 }), '-ar', '8000'));
    const both = await files.write('both.wav', Buffer.concat([wav, other]));
    for (const each of [path, both])
      expect((await decode(each)).equals((await normalizer.normalize(each)).pcm)).toBe(true);
  });

  it('where two channels hold a voice in opposite phase', async () => {
    const wave = `0.5*sin(2*PI*440*t)|-0.5*sin(2*PI*440*t)`;
    const input = ['-f', 'lavfi', '-i', `aevalsrc='${wave}':s=48000:d=2`];
    for (const extension of ['wav', 'mp3', 'm4a'])
      expect(levelAt(await decode(await record(files.path(`phase.${extension}`), input)), 440)).toBeCloseTo(
        -6,
        0,
      );
  });
});

const FILMS: [string, string[]][] = [
  ['mp4', ['-c:v', 'mpeg4', '-c:a', 'aac']],
  ['mov', ['-c:v', 'mpeg4', '-c:a', 'pcm_s16be']],
  ['mkv', ['-c:v', 'mpeg4', '-c:a', 'libvorbis']],
  ['webm', ['-c:v', 'libvpx', '-c:a', 'libopus']],
  ['ts', ['-c:v', 'mpeg2video', '-c:a', 'aac']],
  ['wmv', ['-c:v', 'wmv2', '-c:a', 'wmav2']],
];

describe('a film', () => {
  it.each(FILMS)('in %s is heard from its first track', async (extension, codecs) => {
    const pcm = await decode(await film(`film.${extension}`, codecs));
    expect(Math.abs(pcm.length / 48_000 - 2)).toBeLessThan(0.15);
    expect(Math.abs(levelAt(pcm, 1700) + 6)).toBeLessThan(1.5);
  });

  it.each(FILMS.slice(0, 4))(
    'in %s is heard from the track that is marked as default',
    async (extension, codecs) => {
      const marks = ['-disposition:a:0', '0', '-disposition:a:1', '0', '-disposition:a:2', 'default'];
      const pcm = await decode(await film(`marked.${extension}`, codecs, ...marks));
      expect(Math.abs(levelAt(pcm, 2600) + 6)).toBeLessThan(1.5);
      expect(levelAt(pcm, 1700)).toBeLessThan(-40);
    },
  );

  it('is heard from the first track that can be decoded where the default one cannot', async () => {
    const marks = ['-disposition:a:0', '0', '-disposition:a:1', 'default', '-disposition:a:2', '0'];
    const bytes = await readFile(await film('known.mkv', ['-c:v', 'mpeg4', '-c:a', 'libvorbis'], ...marks));
    const second = bytes.indexOf('A_VORBIS', bytes.indexOf('A_VORBIS') + 1);
    bytes.write('A_NOBODY', second, 'latin1');
    expect(Math.abs(levelAt(await decode(await files.write('unknown.mkv', bytes)), 1700) + 6)).toBeLessThan(
      1.5,
    );
  });

  it('without sound is refused', async () => {
    const path = await record(files.path('silent.mp4'), PICTURE, '-c:v', 'mpeg4');
    await expect(decode(path)).rejects.toMatchObject({ code: 'unsupported-media-type' });
  });
});

describe('bounds', () => {
  it('refuses a recording that is too long, from its header or after the limit', async () => {
    const wav = await record(files.path('long.wav'), toneInput({ seconds: 21 }));
    const mp3 = await record(files.path('long.mp3'), toneInput({ seconds: 21 }));
    const exact = await record(files.path('exact.flac'), toneInput({ seconds: 20, rate: 24_000 }));
    for (const path of [wav, mp3])
      await expect(decode(path)).rejects.toMatchObject({ code: 'audio-too-long' });
    expect((await decode(exact)).length).toBe(20 * 48_000);
  });

  it('refuses a file without samples, of no known format, or damaged', async () => {
    const empty = await record(
      files.path('empty.wav'),
      toneInput({ seconds: 0.1 }),
      '-t',
      '0',
      '-ar',
      '24000',
    );
    await expect(decode(empty)).rejects.toMatchObject({ code: 'empty-audio' });
    const text = await files.write('text.mp4', 'Not a film.'.repeat(100));
    await expect(decode(text)).rejects.toMatchObject({ code: 'unsupported-media-type' });
    const whole = await readFile(await record(files.path('whole.m4a'), toneInput()));
    const half = await files.write('half.m4a', whole.subarray(0, whole.length / 2));
    await expect(decode(half)).rejects.toMatchObject({ code: 'undecodable-audio' });
  });

  it('says that ffmpeg is missing, but takes what needs no decoder', async () => {
    const without = new RecordingDecoder({ concurrency: 1, maxSeconds: 20, ffmpegPath: '/nowhere/ffmpeg' });
    const mp3 = await record(files.path('missing.mp3'), toneInput());
    await expect(decode(mp3, without)).rejects.toMatchObject({ code: 'unsupported-media-type' });
    const wav = await record(files.path('native.wav'), toneInput(), '-ar', '24000', '-ac', '1');
    expect((await decode(wav, without)).length).toBe(96_000);
    await without.close();
  });

  it('ends a process that stops giving output', async () => {
    const sleeper = await files.write('sleeper.sh', '#!/bin/sh\nexec sleep 60\n');
    const stalled = new RecordingDecoder({
      concurrency: 1,
      maxSeconds: 20,
      ffmpegPath: sleeper,
      stallMs: 200,
    });
    const mp3 = await record(files.path('stall.mp3'), toneInput());
    await expect(decode(mp3, stalled)).rejects.toMatchObject({ code: 'undecodable-audio' });
    await stalled.close();
  });
});

describe('nothing is left behind', () => {
  const long = (): Promise<string> =>
    record(files.path('slow.flac'), toneInput({ seconds: 19, rate: 192_000 }));

  it('by a consumer that leaves', async () => {
    for await (const chunk of decoder.decode(await long())) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect(decoder.stats).toEqual({ running: 0, waiting: 0 });
    expect(await childProcesses()).toBe(0);
  });

  it('by an abort, whether it decodes or waits', async () => {
    const path = await long();
    const one = new RecordingDecoder({ concurrency: 1, maxSeconds: 20 });
    const running = one.decode(path);
    await running.next();
    const abort = new AbortController();
    const waiting = decode(path, one, abort.signal);
    await until('one waits', () => one.stats.waiting === 1);
    abort.abort(new Error('no longer wanted'));
    await expect(waiting).rejects.toThrow('no longer wanted');
    await running.return();
    const second = new AbortController();
    const decoding = one.decode(path, second.signal);
    await decoding.next();
    second.abort(new Error('gone'));
    await expect(decode(path, one, second.signal)).rejects.toThrow('gone');
    await expect(decoding.next()).rejects.toThrow('gone');
    await one.close();
    expect(await childProcesses()).toBe(0);
  });

  it('by a decoder that is destroyed while its consumer rests', async () => {
    const one = new RecordingDecoder({ concurrency: 1, maxSeconds: 20 });
    const resting = one.decode(await long());
    await resting.next();
    await one.destroy();
    expect(await childProcesses()).toBe(0);
    await expect(resting.next()).rejects.toMatchObject({ code: 'draining' });
    await expect(decode(await long(), one)).rejects.toMatchObject({ code: 'draining' });
  });
});

describe('samples in a file', () => {
  it('are in it before they are used, and it stays when all have come', async () => {
    const source = await record(files.path('source.mp3'), toneInput());
    const path = files.path('samples.pcm');
    let bytes = 0;
    for await (const chunk of writeSampleFile(decoder.decode(source), path)) {
      bytes += chunk.length;
      expect((await stat(path)).size).toBeGreaterThanOrEqual(bytes);
    }
    expect((await readFile(path)).equals(await decode(source))).toBe(true);
  });

  it('end in `storage-full` on a full disk, and leave nothing', async () => {
    const path = files.path('full.pcm');
    await symlink('/dev/full', path);
    const source = await files.write('plain.pcm', sine());
    const write = async (): Promise<void> => {
      for await (const chunk of writeSampleFile(chunksOf(await readFile(source)), path))
        expect(chunk).toBeUndefined();
    };
    await expect(write()).rejects.toMatchObject({ code: 'storage-full', status: 507 });
    expect(await readdir(dirname(path))).not.toContain('full.pcm');
  });

  it('leave nothing when the consumer leaves or the source fails', async () => {
    const path = files.path('partial.pcm');
    for await (const chunk of writeSampleFile(chunksOf(sine()), path)) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    await expect(stat(path)).rejects.toThrow('ENOENT');
    const mp3 = await record(files.path('too-long.mp3'), toneInput({ seconds: 21 }));
    const write = async (): Promise<void> => {
      for await (const chunk of writeSampleFile(decoder.decode(mp3), path))
        expect(chunk.length).toBeGreaterThan(-1);
    };
    await expect(write()).rejects.toMatchObject({ code: 'audio-too-long' });
    await expect(stat(path)).rejects.toThrow('ENOENT');
  });
});

async function* chunksOf(pcm: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < pcm.length; at += 10_000) yield await Promise.resolve(pcm.subarray(at, at + 10_000));
}

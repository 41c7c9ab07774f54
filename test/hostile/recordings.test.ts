/** What is no recording and says that it is one, and small recordings that would grow large: refused, and nothing that they name is touched. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { data, format, record, riff, run, sine, toneInput, workshop } from '../support/audio/recordings.js';
import { outcome } from '../support/hostile/answers.js';
import { startTarget, type Target } from '../support/hostile/target.js';

const files = workshop();
let target: Target;
beforeAll(async () => {
  target = await startTarget({ FFMPEG_TIMEOUT_MS: '15000', MAX_AUDIO_SECONDS: '240' });
});
afterAll(() => target.close());

/** Names and types that say "recording", in turn. */
const GUISES = [
  ['x.wav', 'audio/wav'],
  ['x.m3u8', 'application/vnd.apple.mpegurl'],
] as const;

/** How the service ends each of its guises: the same for all of them. */
async function uploaded(bytes: Buffer, guises: readonly (typeof GUISES)[number][] = GUISES): Promise<string> {
  const ends = new Set<string>();
  for (const [name, type] of guises) {
    const body = new FormData();
    body.append('file', new Blob([new Uint8Array(bytes)], { type }), name);
    ends.add(await outcome(`${target.url}/api/realtime/translate`, { method: 'POST', body }));
  }
  return [...ends].join(', ');
}

const NO_AUDIO = '415 unsupported-media-type';
const REFUSED = /^(415 unsupported-media-type|422 (undecodable|empty)-audio)$/;

describe('a list of other files', () => {
  afterAll(() => target.settle());
  const lists: [string, (url: string, path: string) => string][] = [
    [
      'HLS',
      (url, path) =>
        `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${url}\n#EXTINF:1,\nfile://${path}\n#EXT-X-ENDLIST\n`,
    ],
    [
      'HLS with a key elsewhere',
      (url) => `#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="${url}"\n#EXTINF:1,\na.ts\n`,
    ],
    ['HLS with a map elsewhere', (_url, path) => `#EXTM3U\n#EXT-X-MAP:URI="${path}"\n#EXTINF:1,\n${path}\n`],
    ['M3U', (url, path) => `${url}\n${path}\n`],
    ['PLS', (url, path) => `[playlist]\nFile1=${url}\nFile2=${path}\nNumberOfEntries=2\n`],
    ['ASX', (url, path) => `<asx><entry><ref href="${url}"/><ref href="file://${path}"/></entry></asx>`],
    [
      'XSPF',
      (url) =>
        `<?xml version="1.0"?><playlist><trackList><track><location>${url}</location></track></trackList></playlist>`,
    ],
    ['SMIL', (url) => `<smil><body><audio src="${url}"/></body></smil>`],
    [
      'DASH',
      (url) =>
        `<?xml version="1.0"?><MPD><Period><AdaptationSet><Representation><BaseURL>${url}</BaseURL></Representation></AdaptationSet></Period></MPD>`,
    ],
    ['ffconcat', (url, path) => `ffconcat version 1.0\nfile '${path}'\nfile '${url}'\n`],
    ['concat without a name', (_url, path) => `file '${path}'\n`],
    ['IMF', (url) => `<?xml version="1.0"?><CompositionPlaylist><Id>${url}</Id></CompositionPlaylist>`],
    [
      'SDP',
      (url) =>
        `v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\na=control:${url}\n`,
    ],
    ['RTSP', (url) => `RTSPtextRTSP://${url}\n`],
    ['a Windows shortcut', (url) => `[InternetShortcut]\nURL=${url}\n`],
    [
      'SVG',
      (url, path) =>
        `<svg xmlns:x="http://www.w3.org/1999/xlink"><image x:href="${url}"/><image x:href="file://${path}"/></svg>`,
    ],
    [
      'XML with an entity',
      (url, path) =>
        `<!DOCTYPE a [<!ENTITY b SYSTEM "file://${path}"><!ENTITY c SYSTEM "${url}">]><a>&b;&c;</a>`,
    ],
    ['HTML', (url) => `<!doctype html><audio autoplay src="${url}"></audio>`],
    ['a filter script', (_url, path) => `amovie=${path}[out0]`],
    ['ffmetadata', (url) => `;FFMETADATA1\ntitle=${url}\n`],
  ];

  it.each(lists)('is no recording: %s', async (_what, make) => {
    const content = make(`http://${target.canary.address}/x.wav`, target.canary.path);
    expect(await uploaded(Buffer.from(content))).toBe(NO_AUDIO);
    expect(await uploaded(Buffer.from(`\ufeff${content}`))).toBe(NO_AUDIO);
  });

  it.each(lists)('is none behind the beginning of one either: %s', async (_what, make) => {
    const content = Buffer.from(make(`http://${target.canary.address}/x.wav`, target.canary.path));
    const alone = GUISES.slice(0, 1);
    for (const beginning of ['ID3\x04\0\0\0\0\0\0', 'OggS\0', 'fLaC', 'caff\0\x01\0\0'])
      expect(await uploaded(Buffer.concat([Buffer.from(beginning, 'latin1'), content]), alone)).toMatch(
        REFUSED,
      );
    expect(await uploaded(riff([{ id: 'fmt ', body: content }]), alone)).toMatch(REFUSED);
    // In AMR any bytes are a sound.
    const noise = await uploaded(Buffer.concat([Buffer.from('#!AMR\n'), content]), alone);
    expect(noise === '200' || REFUSED.test(noise)).toBe(true);
  });

  it('is nobody’s to open: the bait was touched by no one', async () => {
    await target.settle();
    expect(target.canary.touched).toEqual([]);
  });
});

describe('a file of another kind', () => {
  afterAll(() => target.settle());
  const picture = ['-f', 'lavfi', '-i', 'testsrc=size=64x64:rate=5:duration=0.4'];

  it.each([
    ...['png', 'jpg', 'bmp', 'tiff'].map((extension): [string, string[]] => [extension, ['-frames:v', '1']]),
    ...['gif', 'avi', 'ts', 'flv'].map((extension): [string, string[]] => [extension, []]),
  ])('is no recording: %s', async (extension, args) => {
    const path = await record(files.path(`picture.${extension}`), picture, ...args);
    expect(await uploaded(await readFile(path))).toBe(NO_AUDIO);
  });

  it.each([
    ['webm', ['-c:v', 'libvpx']],
    ['mp4', ['-c:v', 'mpeg4']],
    ['mkv', ['-c:v', 'mpeg4']],
    ['mov', ['-c:v', 'mpeg4']],
    ['ogv', ['-c:v', 'libtheora']],
  ])('is no recording where it has pictures alone: %s', async (extension, args) => {
    const path = await record(files.path(`mute.${extension}`), picture, ...args);
    expect(await uploaded(await readFile(path))).toBe(NO_AUDIO);
  });

  it('is no recording where it has an attachment or subtitles alone', async () => {
    const words = await files.write('words.srt', '1\n00:00:00,000 --> 00:00:01,000\nhello\n');
    const attached = files.path('attached.mkv');
    await run(
      'ffmpeg',
      '-v',
      'error',
      '-y',
      '-i',
      words,
      '-attach',
      '/etc/passwd',
      '-metadata:s:t',
      'mimetype=text/plain',
      attached,
    );
    expect(await uploaded(await readFile(attached))).toBe(NO_AUDIO);
  });

  it.each<[string, () => Buffer | Promise<Buffer>]>([
    ['a ZIP', () => zip('a.wav', sine())],
    ['gzip', () => gzipSync(riff([format(), data(sine())]))],
    ['a gzip bomb', () => gzipSync(Buffer.alloc(50_000_000))],
    [
      'tar',
      async () => (await promisify(execFile)('tar', ['-c', '/etc/passwd'], { encoding: 'buffer' })).stdout,
    ],
    ['7z', () => Buffer.concat([Buffer.from('377abcaf271c0004', 'hex'), sine()])],
    ['RAR', () => Buffer.concat([Buffer.from('526172211a070100', 'hex'), sine()])],
    ['xz', () => Buffer.concat([Buffer.from('fd377a585a0000', 'hex'), sine()])],
    ['a program', async () => (await readFile(process.execPath)).subarray(0, 100_000)],
    ['a program of Windows', () => Buffer.concat([Buffer.from('MZ\x90\0'), sine()])],
    [
      'PDF',
      () =>
        Buffer.from(`%PDF-1.7\n1 0 obj<</Type/Action/S/URI/URI(http://${target.canary.address}/)>>endobj\n`),
    ],
    ['a script', () => Buffer.from('#!/bin/sh\ncat /etc/passwd\n')],
    ['JSON', () => Buffer.from('{"file":"/etc/passwd"}')],
    ['the passwords', () => readFile('/etc/passwd')],
    ['MIDI', () => Buffer.concat([Buffer.from('MThd\0\0\0\x06'), sine()])],
    ['a megabyte of zeros', () => Buffer.alloc(1_000_000)],
    ['a megabyte of ones', () => Buffer.alloc(1_000_000, 0xff)],
  ])('is no recording: %s', async (_what, make) => {
    expect(await uploaded(await make())).toBe(NO_AUDIO);
  });
});

/** One file, deflated, as PKWARE's APPNOTE has it; without the directory, which nobody reads here. */
function zip(name: string, content: Buffer): Buffer {
  const packed = deflateRawSync(content);
  const head = Buffer.alloc(30);
  head.write('PK\x03\x04', 'latin1');
  head.writeUInt16LE(8, 8);
  head.writeUInt32LE(packed.length, 18);
  head.writeUInt32LE(content.length, 22);
  head.writeUInt16LE(name.length, 26);
  return Buffer.concat([head, Buffer.from(name), packed]);
}

describe('a small recording that would be large', () => {
  afterAll(() => target.settle());
  const silence = (seconds: number): string[] => [
    '-f',
    'lavfi',
    '-i',
    `anullsrc=r=8000:cl=mono:d=${seconds}`,
  ];

  it.each([
    ['flac', ['-frame_size', '16384'], 36_000],
    ['opus', ['-b:a', '1k'], 300],
    ['mp3', ['-b:a', '8k'], 300],
    ['ogg', ['-c:a', 'libvorbis', '-q:a', '-1'], 300],
  ])('is refused for its length: silence in %s', async (extension, args, seconds) => {
    const path = await record(files.path(`long.${extension}`), silence(seconds), ...args);
    const before = await target.residentBytes();
    expect(await uploaded(await readFile(path))).toBe('413 audio-too-long');
    expect((await target.residentBytes()) - before).toBeLessThan(150_000_000);
  });

  const second = sine();
  it.each([
    [
      'of four gigabytes that are not there',
      riff([format(), data(second, { size: 0xfffffffe })], { size: 0xffffffff }),
      '200',
    ],
    ['at 4 GHz', riff([format({ rate: 4_000_000_000, channels: 2 }), data(second)]), '422 undecodable-audio'],
    ['of 65 535 channels', riff([format({ channels: 65_535 }), data(second)]), '422 undecodable-audio'],
    ['of 65 535 bits', riff([format({ bits: 65_535 }), data(second)]), '422 undecodable-audio'],
    [
      'of 500 000 chunks',
      riff([
        format(),
        ...Array<Parameters<typeof riff>[0][number]>(500_000).fill({ id: 'junk', body: Buffer.alloc(0) }),
        data(second),
      ]),
      '422 empty-audio',
    ],
  ])('is judged by what is there: a WAV %s', async (_what, bytes, told) => {
    expect(await uploaded(bytes)).toBe(told);
  });

  it('is refused where its tag is larger than all of it', async () => {
    const tag = Buffer.from('ID3\x04\0\0\x7f\x7f\x7f\x7f', 'latin1');
    expect(await uploaded(Buffer.concat([tag, Buffer.alloc(10_000, 'x')]))).toMatch(REFUSED);
    expect(await uploaded(Buffer.alloc(1_000_000, 'ID3\x04\0\0\0\0\0\0', 'latin1'))).toMatch(REFUSED);
  });

  it('is refused where boxes stand in boxes without end', async () => {
    const boxes = Buffer.alloc(800_000);
    for (let at = 0; at < boxes.length; at += 8) {
      boxes.writeUInt32BE(boxes.length - at, at);
      boxes.write(at === 0 ? 'moov' : 'trak', at + 4, 'latin1');
    }
    expect(await uploaded(boxes)).toMatch(REFUSED);
  });

  it('is refused where elements stand in elements without end', async () => {
    const depth = Buffer.alloc(100_000, Buffer.from('1654ae6701ffffffffffffff', 'hex'));
    expect(
      await uploaded(Buffer.concat([Buffer.from('1a45dfa3801853806701ffffffffffffff', 'hex'), depth])),
    ).toMatch(REFUSED);
  });

  it('leaves the service as large as it was, time after time', async () => {
    const wav = riff([format({ rate: 16_000 }), data(sine({ seconds: 0.2, rate: 16_000 }))]);
    const cut = (await readFile(await record(files.path('cut.m4a'), toneInput()))).subarray(0, 5_000);
    const rounds = async (count: number): Promise<number> => {
      for (let n = 0; n < count; n += 1) {
        expect(await uploaded(cut)).toMatch(REFUSED);
        expect(await uploaded(wav)).toBe('200');
      }
      return await target.residentBytes();
    };
    const warm = await rounds(2);
    expect((await rounds(4)) - warm).toBeLessThan(50_000_000);
  });
});

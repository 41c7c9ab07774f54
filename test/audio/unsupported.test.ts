/** The content decides: anything but audio is rejected whatever its name, and never reaches a decoder. */
import { readFile } from 'node:fs/promises';
import { afterAll, describe, expect, it } from '@jest/globals';
import { AudioNormalizer } from '../../src/audio/normalize.js';
import { AUDIO_FORMATS } from '../../src/audio/containers/formats.js';
import { countedFfmpeg } from '../support/audio/processes.js';
import { record, sine, toneInput, workshop } from '../support/audio/recordings.js';

const files = workshop();

const text = (content: string): Buffer => Buffer.from(content, 'utf8');
const pad = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(8192, 'x')]);

const NO_AUDIO: [string, Buffer][] = [
  ['text', text('hello, this is a recording')],
  [
    'text in UTF-16 with a byte order mark',
    Buffer.from('\ufeffhello, this is a recording'.repeat(200), 'utf16le'),
  ],
  ['HTML', text('<!doctype html><audio src="x.mp3">')],
  ['SVG', text('<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>')],
  ['XML', text('<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"/>')],
  ['JSON', text('{"audio": "yes"}')],
  ['an HLS playlist', text('#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/x.ts\n')],
  ['a PLS playlist', text('[playlist]\nFile1=http://127.0.0.1/x.mp3\n')],
  ['an ASX playlist', text('<asx version="3.0"><entry><ref href="http://127.0.0.1/"/></entry></asx>')],
  ['a concat script', text("ffconcat version 1.0\nfile '/etc/passwd'\n")],
  ['ffmetadata', text(';FFMETADATA1\ntitle=x\n')],
  ['an SDP session', text('v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n')],
  ['subtitles', text('1\n00:00:00,000 --> 00:00:01,000\nhello\n')],
  ['WebVTT', text('WEBVTT\n\n00:00.000 --> 00:01.000\nhello\n')],
  ['a shell script', text('#!/bin/sh\necho hello\n')],
  ['a script that starts like AMR', text('#!AMRITA\n')],
  ['PNG', pad(Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'))],
  ['JPEG', pad(Buffer.from('ffd8ffe000104a46494600010100', 'hex'))],
  ['GIF', pad(text('GIF89a'))],
  ['WebP', pad(text('RIFF\x24\0\0\0WEBPVP8 '))],
  ['AVI', pad(text('RIFF\x24\0\0\0AVI LIST'))],
  ['an IFF picture', pad(text('FORM\0\0\0\x24ILBMBMHD'))],
  ['PDF', pad(text('%PDF-1.7\n'))],
  ['ZIP', pad(text('PK\x03\x04'))],
  ['gzip', pad(Buffer.from('1f8b0800', 'hex'))],
  ['an ELF program', pad(text('\x7fELF'))],
  ['MIDI', pad(text('MThd\0\0\0\x06'))],
  ['samples without a header', sine()],
  ['zeros', Buffer.alloc(100_000)],
  ['a single MPEG sync word', pad(Buffer.from('fffb9064', 'hex'))],
  ['text that starts like Ogg', text('OggSong lyrics')],
  ['a single byte', Buffer.from('R')],
];

describe('content other than audio', () => {
  const log = (): string => files.path('starts.log');
  let normalizer: AudioNormalizer;
  const countedNormalizer = async (): Promise<AudioNormalizer> => {
    await files.write('starts.log', '');
    const ffmpegPath = await files.write('ffmpeg', countedFfmpeg(log()));
    return new AudioNormalizer({ ffmpegPath, concurrency: 1, timeoutMs: 10_000, maxSeconds: 60 });
  };

  it.each(NO_AUDIO)('is refused unseen by ffmpeg: %s', async (_name, bytes) => {
    normalizer = await countedNormalizer();
    for (const name of ['x.wav', 'x.mp3', 'x']) {
      const refused = normalizer.normalize(await files.write(name, bytes));
      await expect(refused).rejects.toMatchObject({ code: 'unsupported-media-type', status: 415 });
    }
    expect(await readFile(log(), 'utf8')).toBe('');
  });

  it('is answered with the formats that we take', async () => {
    normalizer = await countedNormalizer();
    const refused = normalizer.normalize(await files.write('x.wav', 'hello'));
    await expect(refused).rejects.toThrow(AUDIO_FORMATS.join(', '));
  });
});

describe('a container of something else', () => {
  const normalizer = new AudioNormalizer({ concurrency: 1, timeoutMs: 10_000, maxSeconds: 60 });
  afterAll(() => normalizer.close());

  it.each(['mp4', 'webm', 'mov'])('is refused: a silent film as %s', async (extension) => {
    const film = ['-f', 'lavfi', '-i', 'testsrc=size=160x120:rate=10:d=1'];
    const refused = normalizer.normalize(await record(files.path(`silent.${extension}`), film));
    await expect(refused).rejects.toMatchObject({ code: 'unsupported-media-type', status: 415 });
  });

  it('is refused: the subtitles of a film', async () => {
    const subtitles = [
      '-f',
      'srt',
      '-i',
      await files.write('x.srt', '1\n00:00:00,000 --> 00:00:01,000\nhello\n'),
    ];
    const refused = normalizer.normalize(await record(files.path('subtitles.mkv'), subtitles));
    await expect(refused).rejects.toMatchObject({ code: 'unsupported-media-type', status: 415 });
  });
});

describe('audio that cannot be decoded', () => {
  const normalizer = new AudioNormalizer({ concurrency: 1, timeoutMs: 10_000, maxSeconds: 60 });
  afterAll(() => normalizer.close());

  it.each([
    ['a WAV that ends inside its format', text('RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0')],
    ['a WAV with no format', text('RIFF\x24\0\0\0WAVEdata\x04\0\0\0abcd')],
    ['a WAV of playlist text', text('RIFF\x24\0\0\0WAVE#EXTM3U\nhttp://127.0.0.1/x.ts\n')],
    ['an MP4 cut before its index', pad(text('\0\0\0\x18ftypM4A \0\0\0\0M4A isom\0\x10\0\0mdat'))],
    ['a tag and then text', Buffer.concat([text('ID3\x04\0\0\0\0\0\0'), text('hello '.repeat(1000))])],
    ['noise that claims to be FLAC', pad(text('fLaC'))],
    ['noise that claims to be CAF', pad(text('caff'))],
    ['noise that claims to be WebM', pad(Buffer.from('1a45dfa3', 'hex'))],
  ])('is distinguished from content other than audio: %s', async (_name, bytes) => {
    const refused = normalizer.normalize(await files.write('broken', bytes));
    await expect(refused).rejects.toMatchObject({ code: 'undecodable-audio', status: 422 });
  });

  it('keeps the words of ffmpeg to the log', async () => {
    const path = await files.write('secret-name', pad(text('fLaC')));
    const error = await normalizer.normalize(path).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'undecodable-audio' });
    expect(String(error)).not.toContain('/dev/fd/0');
    expect(error).toHaveProperty('cause.message', expect.stringContaining('/dev/fd/0'));
  });

  it.each(['mp3', 'ogg', 'flac', 'webm', 'aac', 'aiff'])(
    'is decoded as far as it goes when a %s is cut short',
    async (extension) => {
      const whole = await readFile(
        await record(files.path(`whole.${extension}`), toneInput({ seconds: 10 })),
      );
      const path = await files.write(`cut.${extension}`, whole.subarray(0, whole.length / 2));
      const { durationMs } = await normalizer.normalize(path);
      expect(durationMs).toBeGreaterThan(1000);
      expect(durationMs).toBeLessThan(9000);
    },
  );
});

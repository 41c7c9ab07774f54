/** A recording is what its bytes are: nothing that it names, on the network or on this machine, is ever opened. */
import { readFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AudioNormalizer } from '../../src/audio/normalize.js';
import { data, format, level, riff, run, sine, workshop } from '../support/audio/recordings.js';

const files = workshop();
const normalizer = new AudioNormalizer({ concurrency: 1, timeoutMs: 10_000, maxSeconds: 60 });

let server: Server;
let calls = 0;
let address = '';

beforeAll(async () => {
  server = createServer((socket) => {
    calls += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await normalizer.close();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  calls = 0;
});

/** A box of ISO/IEC 14496-12. */
function box(type: string, ...bodies: Buffer[]): Buffer {
  const body = Buffer.concat(bodies);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + body.length);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, body]);
}

function uint32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32BE(value, index * 4));
  return bytes;
}

const full = (type: string, ...bodies: Buffer[]): Buffer => box(type, uint32(0), ...bodies);

/** A second of PCM16BE mono 24 kHz that, says the QuickTime file, stands in another file, described by `reference`. */
function movieWithReference(reference: Buffer): Buffer {
  const sound = Buffer.alloc(28);
  sound.writeUInt16BE(1, 6);
  sound.writeUInt16BE(1, 16);
  sound.writeUInt16BE(16, 18);
  sound.writeUInt16BE(24_000, 24);
  const table = box(
    'stbl',
    full('stsd', uint32(1), box('twos', sound)),
    full('stts', uint32(1, 24_000, 1)),
    full('stsc', uint32(1, 1, 24_000, 1)),
    full('stsz', uint32(2, 24_000)),
    full('stco', uint32(1, 0)),
  );
  const references = box('dinf', full('dref', uint32(1), reference));
  const handler = full('hdlr', uint32(0), Buffer.from('soun'), Buffer.alloc(13));
  const information = box('minf', full('smhd', uint32(0)), references, table);
  const media = box('mdia', full('mdhd', uint32(0, 0, 24_000, 24_000, 0)), handler, information);
  const track = box('trak', full('tkhd', uint32(0, 0, 1, 0, 1000), Buffer.alloc(60)), media);
  const movie = box(
    'moov',
    full('mvhd', uint32(0, 0, 1000, 1000, 0x10000), Buffer.alloc(76), uint32(2)),
    track,
  );
  return Buffer.concat([box('ftyp', Buffer.from('qt  \0\0\0\0qt  ')), movie]);
}

/** A Macintosh alias record: names, and a path (type 2) that starts one level above the file. */
function alias(path: string): Buffer {
  const record = Buffer.alloc(150);
  record.writeUInt8(1, 10);
  record.write('v', 11, 'latin1');
  const name = path.split('/').at(-1) ?? '';
  record.writeUInt8(name.length, 50);
  record.write(name, 51, 'latin1');
  record.writeUInt16BE(1, 130);
  record.writeUInt16BE(1, 132);
  const location = Buffer.from(path.length % 2 === 0 ? path : `${path}\0`, 'latin1');
  const entry = Buffer.alloc(4);
  entry.writeUInt16BE(2, 0);
  entry.writeUInt16BE(path.length, 2);
  return full('alis', record, entry, location, Buffer.from('ffff0000', 'hex'));
}

describe('the network', () => {
  const playlists: [string, () => Buffer | string][] = [
    [
      'an HLS playlist',
      () => `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://${address}/x.ts\n#EXT-X-ENDLIST\n`,
    ],
    ['a concat script', () => `ffconcat version 1.0\nfile 'http://${address}/x.wav'\n`],
    ['a DASH manifest', () => `<?xml version="1.0"?><MPD><BaseURL>http://${address}/</BaseURL></MPD>`],
    ['an SVG picture', () => `<svg xmlns:xlink="x"><image xlink:href="http://${address}/x.png"/></svg>`],
    [
      'an SDP session',
      () => `v=0\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\na=control:rtsp://${address}/\n`,
    ],
    ['an ASX playlist', () => `<asx><entry><ref href="http://${address}/x.wma"/></entry></asx>`],
    ['a tag and a playlist', () => `ID3\x04\0\0\0\0\0\0#EXTM3U\nhttp://${address}/x.ts\n`],
    [
      'a WAV that holds a playlist',
      () => riff([{ id: 'fmt ', body: Buffer.from(`#EXTM3U\nhttp://${address}/x.ts\n`) }]),
    ],
    [
      'a QuickTime file that names a URL',
      () => movieWithReference(full('url ', Buffer.from(`http://${address}/x.raw\0`))),
    ],
    [
      'a QuickTime redirection',
      () =>
        box(
          'moov',
          box(
            'rmra',
            box(
              'rmda',
              full('rdrf', Buffer.from('url '), uint32(40), Buffer.from(`http://${address}/x.mov\0`)),
            ),
          ),
        ),
    ],
  ];

  it('would be asked by an ffmpeg that is left to itself', async () => {
    const path = await files.write('list.m3u8', String(playlists[0]?.[1]()));
    await run(
      'ffmpeg',
      '-v',
      'quiet',
      '-protocol_whitelist',
      'file,http,tcp',
      '-i',
      path,
      '-f',
      'null',
      '-',
    ).catch(() => '');
    expect(calls).toBeGreaterThan(0);
  });

  it.each(playlists)('is not asked for what is named by %s', async (_name, content) => {
    for (const name of ['x.wav', 'x.m3u8']) {
      // Refused, but for the QuickTime file with a URL, the samples of which are then looked for in itself.
      await Promise.allSettled([normalizer.normalize(await files.write(name, content()))]);
    }
    expect(calls).toBe(0);
  });

  it('is not asked for a file with the name of an address', async () => {
    const name = `http:${address}.wav`;
    const path = await files.write(name, riff([format({ rate: 16_000 }), data(sine({ rate: 16_000 }))]));
    expect((await normalizer.normalize(path)).durationMs).toBe(1000);
    expect(calls).toBe(0);
  });
});

describe('other files', () => {
  const secret = (): Promise<string> => files.write('secret.raw', sine().swap16());

  it('would be read by an ffmpeg that is told to', async () => {
    await secret();
    const path = await files.write('reference.mov', movieWithReference(alias('x/secret.raw')));
    const heard = files.path('heard.raw');
    await run(
      'ffmpeg',
      '-v',
      'error',
      '-y',
      '-enable_drefs',
      '1',
      '-i',
      path,
      '-f',
      's16le',
      '-ar',
      '24000',
      heard,
    );
    expect(level(await readFile(heard))).toBeCloseTo(-6, 0);
  });

  it('are not read when a QuickTime file says that its samples are there', async () => {
    await secret();
    const refused = normalizer.normalize(
      await files.write('reference.mov', movieWithReference(alias('x/secret.raw'))),
    );
    await expect(refused).rejects.toMatchObject({ name: 'GatewayError', status: 422 });
  });
});

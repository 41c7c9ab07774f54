/** The upload folder: empty after every outcome, swept at the start, refused when it cannot be used. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { encodeWav } from '../../src/audio/wav/wav.js';
import { GatewayError } from '../../src/errors.js';
import { createUploadNamer, sweepUploads } from '../../src/upload-dir.js';
import {
  MULTIPART,
  multipart,
  part,
  RawClient,
  resultOf,
  startHttp,
  until,
  type HttpFixture,
} from '../support/http.js';
import { wavAtRate } from '../support/wav.js';

describe('an upload', () => {
  let http: HttpFixture;
  afterEach(() => http.close());

  const post = () =>
    request(http.url).post('/api/realtime/translate').attach('file', Buffer.alloc(10_000), 'a.wav');

  it('is gone when the answer arrives, in every form of answer', async () => {
    http = await startHttp();
    for (const accept of ['application/json', 'audio/wav', 'text/event-stream']) {
      const answer = await post().set('Accept', accept);
      expect(answer.status).toBe(200);
      expect(await http.uploads()).toEqual([]);
    }
    const original = await request(http.url)
      .post('/api/RealTime/AudioTranslate')
      .attach('files', Buffer.alloc(10_000), 'a.wav');
    expect(original.status).toBe(200);
    expect(await http.uploads()).toEqual([]);
    expect(http.asked).toHaveLength(4);
  });

  it.each([
    ['is refused', new GatewayError('undecodable-audio', 'No.'), 422],
    ['fails unforeseen', new TypeError('oops'), 500],
  ])('is gone when its translation %s', async (_how, error, status) => {
    http = await startHttp({
      translate: async function* (asked) {
        if (asked.output === 'audio') yield { type: 'done', result: resultOf(asked, 'c', '') };
        await Promise.resolve();
        throw error;
      },
    });
    const answer = await post();
    expect(answer.status).toBe(status);
    expect(await http.uploads()).toEqual([]);
  });

  it('is gone when another field is at fault', async () => {
    http = await startHttp();
    const answer = await post().field('target', 'english');
    expect(answer.status).toBe(400);
    expect(await http.uploads()).toEqual([]);
    expect(http.asked).toEqual([]);
  });

  it('cannot be stored where the folder has gone: a fault of ours, without its path', async () => {
    http = await startHttp();
    await rm(http.config.audio.uploadDir, { recursive: true });
    const answer = await post();
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain(http.config.audio.uploadDir);
    expect(http.log.filter((line) => line.level === 'error')).toHaveLength(1);
  });
});

describe('an upload that is ready', () => {
  let http: HttpFixture;
  afterEach(() => http.close());

  const post = (wav: Buffer) =>
    request(http.url).post('/api/realtime/translate').attach('file', wav, 'a.wav');

  it.each([
    ['is native', encodeWav(Buffer.alloc(480_000, 7))],
    ['has another rate', wavAtRate(Buffer.alloc(1_764_000, 7), 44_100)],
  ])('never touches the disk where it %s: it is translated where there is none', async (_what, wav) => {
    http = await startHttp();
    await rm(http.config.audio.uploadDir, { recursive: true });
    expect((await post(wav)).status).toBe(200);
    expect(http.asked[0]?.recording).toEqual(wav);
  });

  it.each([
    ['is larger than what one may have in memory', encodeWav(Buffer.alloc(8_400_000, 7))],
    ['is of another container', Buffer.concat([Buffer.from('fLaC'), Buffer.alloc(100_000, 7)])],
  ])('is not one that %s: that is a file as long as it is needed', async (_what, wav) => {
    const meanwhile: string[][] = [];
    http = await startHttp({
      translate: async function* (asked) {
        meanwhile.push(await http.uploads());
        yield { type: 'started', connectId: 'c' };
        yield { type: 'done', result: resultOf(asked, 'c', '') };
      },
    });
    expect((await post(wav)).status).toBe(200);
    expect(http.asked[0]?.recording?.equals(wav)).toBe(true);
    expect(meanwhile).toEqual([[expect.stringMatching(/^upload-/)]]);
    expect(await http.uploads()).toEqual([]);
  });

  it('is refused by its size like any other', async () => {
    http = await startHttp({ env: { MAX_UPLOAD_MB: '1' } });
    const answer = await post(encodeWav(Buffer.alloc(1_100_000, 7)));
    expect(answer.status).toBe(413);
    expect(answer.body).toMatchObject({ errors: [{ pointer: '/file' }] });
    expect(await http.uploads()).toEqual([]);
    expect(http.asked).toEqual([]);
  });

  it('that is cut off is no fault of ours, and nothing of it is translated or left', async () => {
    http = await startHttp();
    const body = multipart(part('name="file"; filename="a.wav"', encodeWav(Buffer.alloc(480_000, 7))));
    for (const sent of [200, 300_000]) {
      const client = new RawClient(http.port);
      client.write(
        `POST /api/realtime/translate HTTP/1.1\r\nHost: test\r\nContent-Type: ${MULTIPART}\r\nContent-Length: ${body.length}\r\n\r\n`,
      );
      client.write(body.subarray(0, sent));
      await until(() => !client.socket.connecting && client.socket.writableLength === 0);
      client.leave();
    }
    await until(() => http.log.length === 2);
    expect(http.log).toMatchObject([{ aborted: true }, { aborted: true }]);
    expect(await http.uploads()).toEqual([]);
    expect(http.asked).toEqual([]);
  });
});

describe('the folder', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'rts-sweep-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('is made if there is none', async () => {
    await sweepUploads(join(dir, 'a', 'b'));
    expect(await readdir(join(dir, 'a', 'b'))).toEqual([]);
  });

  it('that cannot be written stops the start, and names the variable', async () => {
    await writeFile(join(dir, 'file'), '');
    await expect(sweepUploads(join(dir, 'file'))).rejects.toThrow(/UPLOAD_DIR.*EEXIST/);
    await expect(sweepUploads(join(dir, 'file', 'below'))).rejects.toThrow(/UPLOAD_DIR.*ENOTDIR/);
  });

  it('loses what a killed process left, and nothing else', async () => {
    const names = createUploadNamer();
    const [, host = '', pid = '', start = ''] = /^upload-(\w+)-(\d+)-(\w+)-/.exec(names()) ?? [];
    const dead = spawn(process.execPath, ['-e', '']);
    await once(dead, 'exit');
    const random = '0123456789abcdef0123456789abcdef';

    const left = [`upload-${host}-${dead.pid ?? 0}-abc-${random}`, `upload-${host}-${pid}-0-${random}`];
    const ofOthers = `upload-00000000-1-abc-${random}`;
    const oldOfOthers = `upload-00000000-2-abc-${random}`;
    const kept = [
      '.gitkeep',
      'notes.txt',
      'upload-mine',
      names(), // of this very process
      `upload-${host}-${process.ppid}-abc-${random}`, // of a process that lives
      ofOthers, // of another machine, which may live
    ];
    for (const name of [...left, ...kept, oldOfOthers]) await writeFile(join(dir, name), 'x');
    const anHourAgo = new Date(Date.now() - 3_700_000);
    await utimes(join(dir, oldOfOthers), anHourAgo, anHourAgo);
    await mkdir(join(dir, 'folder'));

    expect(await sweepUploads(dir)).toBe(3);
    expect((await readdir(dir)).sort()).toEqual([...kept, 'folder'].sort());
    expect(start).not.toBe('');
  });
});

/** The three kinds of body, and what else is sent for one. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { encodeWav } from '../../src/audio/wav/wav.js';
import { multipart, MULTIPART, part, startHttp, type HttpFixture } from '../support/http.js';

const PATH = '/api/realtime/translate';
const WAV = Buffer.from('RIFF-and-so-on');
let http: HttpFixture;

beforeAll(async () => {
  http = await startHttp({ env: { MAX_UPLOAD_MB: '1' } });
});
afterAll(() => http.close());

const post = () => request(http.url).post(PATH);
const lastAsked = () => http.asked.at(-1);

describe('a text', () => {
  it('is taken from JSON', async () => {
    const answer = await post().send({ text: 'Good morning' });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ text: 'Buenos días' });
    expect(lastAsked()?.request.question).toEqual({ kind: 'text', text: 'Good morning' });
  });

  it('is taken from an urlencoded form', async () => {
    const answer = await post().type('form').send('text=Good+morning&target=es');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ text: 'Buenos días', target: 'es' });
  });

  it('is taken from a multipart form', async () => {
    const answer = await post().field('text', 'Good morning').field('source', 'en');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ text: 'Buenos días', source: 'en' });
  });

  it('keeps every character of any script, in each kind of body', async () => {
    const text = '¿Qué? 日本語 🇪🇸 "quoted" \\ & = + %41\n\ttabbed';
    await post().send({ text });
    expect(lastAsked()?.request.question).toEqual({ kind: 'text', text });
    await post().type('form').send({ text });
    expect(lastAsked()?.request.question).toEqual({ kind: 'text', text });
    await post().field('text', text);
    expect(lastAsked()?.request.question).toEqual({ kind: 'text', text });
  });

  it('is taken from a compressed body', async () => {
    const { gzipSync } = await import('node:zlib');
    const answer = await request(http.url)
      .post(PATH)
      .set('Content-Type', 'application/json')
      .set('Content-Encoding', 'gzip')
      .serialize((body: unknown) => body as string)
      .send(gzipSync('{"text":"Good morning"}') as unknown as string);
    expect(answer.body).toMatchObject({ text: 'Buenos días' });
  });
});

describe('a recording', () => {
  it.each(['file', 'files', 'audio'])('is taken from the file part %s, byte for byte', async (name) => {
    const answer = await post().attach(name, WAV, 'speech.wav');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ text: 'Hola', usage: { inputAudioMs: 1_860 } });
    expect(lastAsked()?.recording).toEqual(WAV);
  });

  it('lies in the upload folder under a name that has nothing of the one it was sent with', async () => {
    await post().attach('file', WAV, '../../etc/speech.wav');
    const { question } = lastAsked()?.request ?? {};
    expect(question).toMatchObject({ kind: 'recording' });
    const path = question?.kind === 'recording' ? String(question.recording) : '';
    expect(path.startsWith(`${http.config.audio.uploadDir}/upload-`)).toBe(true);
    expect(path).not.toMatch(/speech|etc/);
  });

  it('of an empty file input counts as absent beside a text', async () => {
    const body = multipart(
      part('name="file"; filename=""', '', 'application/octet-stream'),
      part('name="text"', 'Good morning'),
    );
    const answer = await post().set('Content-Type', MULTIPART).send(body);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ text: 'Buenos días' });
  });

  it('without a file name is refused with the reason', async () => {
    const body = multipart(part('name="file"', WAV, 'application/octet-stream'));
    const answer = await post().set('Content-Type', MULTIPART).send(body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      errors: [{ pointer: '/file', detail: expect.stringMatching(/file name/) }],
    });
  });

  it.each([
    ['of 14 bytes', WAV],
    ['of 100 kB', encodeWav(Buffer.alloc(100_000, 7))],
    ['of 300 kB', encodeWav(Buffer.alloc(300_000, 7))],
    ['of 300 kB of text', Buffer.alloc(300_000, 'a')],
  ])(
    '%s without a file name is refused with the reason, under each name and whatever its type',
    async (_what, wav) => {
      for (const name of ['file', 'files', 'audio']) {
        for (const type of [
          undefined,
          'audio/wav',
          'text/plain; charset=klingon',
          'application/octet-stream',
        ]) {
          const body = multipart(part(`name="${name}"`, wav, type));
          const answer = await post().set('Content-Type', MULTIPART).send(body);
          expect(answer.status).toBe(400);
          const detail = expect.stringMatching(/file name.*filename=/) as unknown;
          expect(answer.body).toMatchObject({ errors: [{ pointer: `/${name}`, detail }] });
        }
      }
      expect(await http.uploads()).toEqual([]);
    },
  );

  it('without a file name is not missed where it is empty: that is a file input left empty', async () => {
    const answer = await post()
      .set('Content-Type', MULTIPART)
      .send(multipart(part('name="file"', ''), part('name="text"', 'hi')));
    expect(answer.status).toBe(200);
  });

  it('sent as a text field is refused with the reason', async () => {
    const answer = await post().field('file', 'RIFF');
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      errors: [{ pointer: '/file', detail: expect.stringMatching(/file part/) }],
    });
  });

  it('larger than MAX_UPLOAD_MB is 413, which states the limit', async () => {
    const answer = await post().attach('file', Buffer.alloc(1_048_577), 'long.wav');
    expect(answer.status).toBe(413);
    expect(answer.body).toMatchObject({
      code: 'payload-too-large',
      detail: expect.stringContaining('1 MB'),
      errors: [{ pointer: '/file' }],
    });
    const fits = await post().attach('file', Buffer.alloc(1_048_576), 'fits.wav');
    expect(fits.status).toBe(200);
  });

  it('beside a second one is refused by name', async () => {
    const answer = await post().attach('file', WAV, 'one.wav').attach('audio', WAV, 'two.wav');
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'invalid-request', errors: [{ pointer: '/audio' }] });
    const twice = await post().attach('file', WAV, 'one.wav').attach('file', WAV, 'two.wav');
    expect(twice.body).toMatchObject({ code: 'invalid-request', errors: [{ pointer: '/file' }] });
  });
});

describe('a body', () => {
  it.each(['text/plain', 'audio/wav', 'application/xml', 'multipart/mixed; boundary=x'])(
    'of type %s is 415 with a hint',
    async (type) => {
      const answer = await post().set('Content-Type', type).send('hello');
      expect(answer.status).toBe(415);
      expect(answer.body).toMatchObject({
        code: 'unsupported-media-type',
        hint: expect.stringContaining('multipart/form-data'),
      });
    },
  );

  it('that is not there lacks its question', async () => {
    const answer = await post();
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'invalid-request', errors: [{ pointer: '/text' }] });
  });

  it('of malformed JSON is refused, and says where', async () => {
    const answer = await post().type('json').send('{"text": "Good morning",}');
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      code: 'invalid-request',
      detail: expect.stringMatching(/not valid JSON/),
      errors: [{ pointer: '' }],
    });
  });

  it.each(['[]', '"Good morning"', 'null', '7'])('of JSON that is no object is refused: %s', async (json) => {
    const answer = await post().type('json').send(json);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'invalid-request', errors: [{ pointer: '' }] });
  });

  it('of JSON or of a form over 1 MB is 413, which states the limit', async () => {
    for (const type of ['json', 'form']) {
      const answer = await post()
        .type(type)
        .send(`${type === 'json' ? '{"context":"' : 'context='}${'a'.repeat(1_048_577)}`);
      expect(answer.status).toBe(413);
      expect(answer.body).toMatchObject({ detail: expect.stringContaining('1 MB') });
    }
  });

  it('that unpacks to more than 1 MB is 413 too', async () => {
    const { gzipSync } = await import('node:zlib');
    const answer = await request(http.url)
      .post(PATH)
      .set('Content-Type', 'application/json')
      .set('Content-Encoding', 'gzip')
      .serialize((body: unknown) => body as string)
      .send(gzipSync(`{"text":"${'a'.repeat(2_000_000)}"}`) as unknown as string);
    expect(answer.status).toBe(413);
  });

  it('in an unknown charset or encoding is 415', async () => {
    const charset = await post().set('Content-Type', 'application/json; charset=klingon').send('{}');
    expect(charset.status).toBe(415);
    const encoding = await post().set('Content-Encoding', 'snappy').send({ text: 'Good morning' });
    expect(encoding.status).toBe(415);
    expect(encoding.body).toMatchObject({
      code: 'unsupported-media-type',
      hint: expect.any(String),
    });
  });

  it('of a form in another charset than UTF-8 is 415, not other words', async () => {
    const type = 'application/x-www-form-urlencoded; charset=iso-8859-1';
    const answer = await post().set('Content-Type', type).send('text=caf%E9');
    expect(answer.status).toBe(415);
    const utf8 = await post().set('Content-Type', type.replace('iso-8859-1', 'UTF-8')).send('text=caf%C3%A9');
    expect(utf8.status).toBe(200);
    expect(lastAsked()?.request.question).toEqual({ kind: 'text', text: 'café' });
  });

  it.each(['gzip', 'deflate', 'br', 'BR'])(
    'that is not compressed in %s as it says is refused',
    async (encoding) => {
      const answer = await post().set('Content-Encoding', encoding).send({ text: 'Good morning' });
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({ code: 'invalid-request' });
    },
  );

  it.each([
    ['a Content-Type without boundary', 'multipart/form-data', multipart(part('name="text"', 'hi'))],
    ['no end', MULTIPART, part('name="text"', 'hi')],
    ['a broken part header', MULTIPART, Buffer.from(`--x-test-boundary\r\nno header\r\n\r\nhi\r\n`)],
    ['a part without a name', MULTIPART, multipart(part('filename="a.wav"', 'hi'))],
    ['nothing of the kind inside', MULTIPART, Buffer.from('just words')],
  ])('of multipart with %s is refused as malformed', async (_what, type, body) => {
    const answer = await post().set('Content-Type', type).send(body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'invalid-request', errors: [{ pointer: '' }] });
    expect(await http.uploads()).toEqual([]);
  });

  it('of multipart with a field over 256 kB is 413, which names field and limit', async () => {
    const answer = await post().field('context', 'a'.repeat(262_145)).field('text', 'hi');
    expect(answer.status).toBe(413);
    expect(answer.body).toMatchObject({
      code: 'payload-too-large',
      detail: expect.stringContaining('256 kB'),
      errors: [{ pointer: '/context' }],
    });
    const fits = await post().field('context', 'a'.repeat(262_144)).field('text', 'hi');
    expect(fits.status).toBe(200);
  });

  it('of multipart with more than 20 fields is refused', async () => {
    const fields = Array.from({ length: 21 }, (_, n) => part(`name="f${n}"`, 'x'));
    const answer = await post()
      .set('Content-Type', MULTIPART)
      .send(multipart(...fields));
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ detail: expect.stringContaining('20 fields') });
  });
});

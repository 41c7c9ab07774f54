/** The fields of a translation: names, aliases, emptiness, limits, and how faults are told. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { startHttp, type HttpFixture } from '../support/http.js';

let http: HttpFixture;

beforeAll(async () => {
  http = await startHttp();
});
afterAll(() => http.close());

const post = (body: object) => request(http.url).post('/api/realtime/translate').send(body);
const lastRequest = () => http.asked.at(-1)?.request;

interface Told {
  status: number;
  code: string;
  detail: string;
  errors: { pointer: string; detail: string }[];
}

async function faults(body: object): Promise<Told> {
  const before = http.asked.length;
  const answer = await post(body);
  expect(http.asked).toHaveLength(before);
  return answer.body as Told;
}

const pointers = (told: Told) => told.errors.map(({ pointer }) => pointer);

describe('names', () => {
  it.each(['text', 'question', 'q'])('of the text: %s', async (name) => {
    await post({ [name]: 'hi' });
    expect(lastRequest()?.question).toEqual({ kind: 'text', text: 'hi' });
  });

  it.each(['source', 'source_lang', 'language'])('of the source: %s', async (name) => {
    await post({ text: 'hi', [name]: 'en' });
    expect(lastRequest()?.profile).toEqual({ source: 'en' });
  });

  it.each(['target', 'target_lang'])('of the target: %s', async (name) => {
    await post({ text: 'hi', [name]: 'es' });
    expect(lastRequest()?.profile).toEqual({ target: 'es' });
  });

  it.each(['connectId', 'connectID'])('of the session: %s', async (name) => {
    const session = await http.sessions.create('anonymous', {});
    const answer = await post({ text: 'hi', [name]: session.connectId });
    expect(answer.body).toMatchObject({ connectId: session.connectId });
  });

  it('that are unknown are refused by name, all at once', async () => {
    const told = await faults({ text: 'hi', colour: 'red', Text: 'ho', 'a/b~c': 1 });
    expect(told).toMatchObject({ status: 400, code: 'invalid-request' });
    expect(pointers(told)).toEqual(['/colour', '/Text', '/a~1b~0c']);
    expect(told.errors[1]?.detail).toContain('did you mean `text`');
  });

  it('together with their alias are refused by name', async () => {
    const told = await faults({ text: 'hi', q: 'ho', source: 'en', language: 'en' });
    expect(pointers(told)).toEqual(['/q', '/language']);
  });

  it('that stand twice are refused by name in every kind of body', async () => {
    const path = `${http.url}/api/realtime/translate`;
    const json = await request(path)
      .post('')
      .type('json')
      .send('{"text":"hi \\" there", "te\\u0078t" : "ho"}');
    const form = await request(path).post('').type('form').send('text=hi&text=ho');
    const multipart = await request(path).post('').field('text', 'hi').field('text', 'ho');
    for (const answer of [json, form, multipart]) {
      expect(answer.status).toBe(400);
      expect(pointers(answer.body as Told)).toEqual(['/text']);
    }
  });

  it('in brackets are unknown names, not lists', async () => {
    for (const send of [
      request(http.url).post('/api/realtime/translate').type('form').send('text[]=hi'),
      request(http.url).post('/api/realtime/translate').field('text[]', 'hi'),
    ]) {
      expect(pointers((await send).body as Told)).toContain('/text[]');
    }
  });

  it.each(['__proto__', 'constructor', 'toString'])('of every object are unknown names: %s', async (name) => {
    const answer = await request(http.url)
      .post('/api/realtime/translate')
      .type('json')
      .send(`{"text":"hi","${name}":"x"}`);
    expect(pointers(answer.body as Told)).toEqual([`/${name}`]);
  });

  it('without number do not take the service’s time', async () => {
    const many = Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`f${n}`, 1]));
    const told = await faults(many);
    expect(told.errors).toHaveLength(50);
  });
});

describe('an empty field', () => {
  it('counts as absent, whichever it is', async () => {
    const empty = {
      connectId: '',
      prompt: '',
      source: '',
      target: '',
      context: '',
      output: '',
      voice: '',
      stream: '',
    };
    const answer = await post({ text: 'hi', q: '', file: '', nothing: '', ...empty });
    expect(answer.status).toBe(200);
    expect(lastRequest()).toMatchObject({ profile: {}, output: 'text' });
    expect(lastRequest()?.context).toBeUndefined();
    expect(lastRequest()?.connectId).toBeUndefined();
  });

  it('counts as absent where it is null', async () => {
    expect((await post({ text: 'hi', target: null })).status).toBe(200);
  });

  it('is no question', async () => {
    const told = await faults({ text: '' });
    expect(told).toMatchObject({ status: 400, code: 'invalid-request' });
    expect(pointers(told)).toEqual(['/text']);
  });
});

describe('a text and a recording', () => {
  it('at once are refused, both by the names they were sent by', async () => {
    const answer = await request(http.url)
      .post('/api/realtime/translate')
      .field('q', 'hi')
      .attach('audio', Buffer.from('RIFF'), 'a.wav');
    expect(answer.status).toBe(400);
    expect(pointers(answer.body as Told)).toEqual(['/audio', '/q']);
    expect(await http.uploads()).toEqual([]);
  });
});

describe('limits', () => {
  it('of the text are counted in Unicode code points', async () => {
    expect((await post({ text: '🇪🇸'.repeat(10_000) })).status).toBe(200);
    const told = await faults({ text: `${'🇪🇸'.repeat(10_000)}a` });
    expect(told).toMatchObject({ status: 413, code: 'payload-too-large' });
    expect(told.detail).toContain('20000 characters');
    expect(pointers(told)).toEqual(['/text']);
  });

  it('of the text are named as the field was sent', async () => {
    expect(pointers(await faults({ q: 'a'.repeat(20_001) }))).toEqual(['/q']);
  });

  it('of the prompt are 8 000 code points', async () => {
    expect((await post({ text: 'hi', prompt: '😀'.repeat(8_000) })).status).toBe(200);
    const told = await faults({ text: 'hi', prompt: '😀'.repeat(8_001) });
    expect(told).toMatchObject({ status: 400, code: 'invalid-request' });
    expect(pointers(told)).toEqual(['/prompt']);
  });
});

describe('languages', () => {
  it('travel in canonical form', async () => {
    await post({ text: 'hi', source: 'EN-us', target: 'PT-br' });
    expect(lastRequest()?.profile).toEqual({ source: 'en-US', target: 'pt-BR' });
  });

  it('`auto` is the same as no source', async () => {
    await post({ text: 'hi', source: 'auto' });
    expect(lastRequest()?.profile).toEqual({});
  });

  it.each(['english', 'en_US', 'e', '12', 'en--US', 'a b'])(
    '%s is refused with what it should be',
    async (tag) => {
      const told = await faults({ text: 'hi', source: tag, target: tag });
      expect(pointers(told)).toEqual(['/source', '/target']);
      for (const { detail } of told.errors) expect(detail).toMatch(/BCP 47 language tag such as `en`.*not/);
    },
  );

  it('`auto` is no target', async () => {
    expect(pointers(await faults({ text: 'hi', target: 'auto' }))).toEqual(['/target']);
  });
});

describe('choices', () => {
  it('`output` is text or audio', async () => {
    await post({ text: 'hi', output: 'audio' });
    expect(lastRequest()?.output).toBe('audio');
    expect(pointers(await faults({ text: 'hi', output: 'video' }))).toEqual(['/output']);
  });

  it('`stream` is true or false, as JSON or as text', async () => {
    expect((await post({ text: 'hi', stream: true })).type).toBe('text/event-stream');
    expect((await post({ text: 'hi', stream: 'true' })).type).toBe('text/event-stream');
    expect((await post({ text: 'hi', stream: false })).type).toBe('application/json');
    expect((await post({ text: 'hi', stream: 'false' })).type).toBe('application/json');
    expect(pointers(await faults({ text: 'hi', stream: 'yes' }))).toEqual(['/stream']);
  });

  it('`voice` is one of the provider’s, which are named', async () => {
    expect((await post({ text: 'hi', output: 'audio', voice: 'rms' })).status).toBe(200);
    expect(lastRequest()?.profile).toEqual({ voice: 'rms' });
    const told = await faults({ text: 'hi', voice: 'nobody' });
    expect(pointers(told)).toEqual(['/voice']);
    expect(told.detail).toContain('`slt`, `rms`');
  });

  it('`prompt` and `context` travel as they are', async () => {
    await post({ text: 'hi', prompt: ' Translate. ', context: ' a greeting ' });
    expect(lastRequest()).toMatchObject({ profile: { prompt: ' Translate. ' }, context: ' a greeting ' });
  });
});

describe('faults', () => {
  it('of wrong types are told by name', async () => {
    const told = await faults({
      text: 7,
      connectId: {},
      prompt: [],
      source: true,
      output: 1,
      voice: 2,
      stream: 'x',
    });
    expect(pointers(told)).toEqual([
      '/text',
      '/connectId',
      '/prompt',
      '/source',
      '/voice',
      '/output',
      '/stream',
    ]);
    for (const { pointer, detail } of told.errors)
      expect(detail).toContain(`\`${pointer.slice(1)}\` must be`);
  });

  it('of every kind are told at once, as 400', async () => {
    const told = await faults({ q: 'a'.repeat(20_001), target: 'english', colour: 'red' });
    expect(told).toMatchObject({ status: 400, code: 'invalid-request' });
    expect(pointers(told).sort()).toEqual(['/colour', '/q', '/target']);
  });
});

describe('a session', () => {
  it.each(['nonsense', 'A'.repeat(32), '0'.repeat(32)])('that nobody made is 404: %s', async (connectId) => {
    const answer = await post({ text: 'hi', connectId });
    expect(answer.status).toBe(404);
    expect(answer.body).toMatchObject({ code: 'session-not-found' });
  });

  it('is kept to: another prompt, language or voice beside it is 409', async () => {
    const { connectId } = await http.sessions.create('anonymous', { source: 'en', target: 'es' });
    expect((await post({ text: 'hi', connectId, source: 'EN', target: 'ES' })).status).toBe(200);
    for (const other of [{ prompt: 'Sing.' }, { source: 'fr' }, { target: 'ca' }, { voice: 'slt' }]) {
      const answer = await post({ text: 'hi', connectId, ...other });
      expect(answer.status).toBe(409);
      expect(answer.body).toMatchObject({ code: 'session-conflict' });
    }
  });
});

/** POST /api/RealTime/AudioTranslate, as the original project's browser client uses it. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { startHttp, type HttpFixture } from '../support/http.js';

let http: HttpFixture;

beforeAll(async () => {
  http = await startHttp();
});
afterAll(() => http.close());

const post = () => request(http.url).post('/api/RealTime/AudioTranslate');
const lastRequest = () => http.asked.at(-1)?.request;
const WAV = Buffer.from('RIFF');

interface Answer {
  data: { connectId: string; responses: string[] };
}

describe('the original client', () => {
  it('sends a recording and a prompt, and reads connectId and the first response', async () => {
    const answer = await post()
      .attach('files', WAV, 'blob')
      .field('IsAudio', 'true')
      .field('prompt', 'Translate to Spanish.');
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      data: { connectId: expect.stringMatching(/^[0-9a-f]{32}$/), responses: ['Hola'] },
    });
    expect(lastRequest()).toMatchObject({ profile: { prompt: 'Translate to Spanish.' }, output: 'text' });
  });

  it('goes on with its session, whatever prompt it sends beside it', async () => {
    const first = (await post().field('question', 'Good morning').field('prompt', 'One.')).body as Answer;
    const { connectId } = first.data;
    const answer = await post()
      .field('question', 'Good morning')
      .field('connectID', connectId)
      .field('prompt', 'Another.');
    expect(answer.body).toEqual({ data: { connectId, responses: ['Buenos días'] } });
    expect(lastRequest()?.profile).toEqual({});
  });

  it('is answered from the question where it sends a recording too', async () => {
    const answer = await post().attach('files', WAV, 'blob').field('question', 'Good morning');
    expect((answer.body as Answer).data.responses).toEqual(['Buenos días']);
    expect(lastRequest()?.question).toEqual({ kind: 'text', text: 'Good morning' });
    expect(await http.uploads()).toEqual([]);
  });

  it('is answered from the recording where its question is empty', async () => {
    await post().attach('files', WAV, 'blob').field('question', '');
    expect(lastRequest()?.question).toMatchObject({ kind: 'recording' });
  });

  it('may send what it likes beside: unknown fields and files are ignored', async () => {
    const answer = await post()
      .attach('picture', WAV, 'a.png')
      .field('question', 'Good morning')
      .field('stream', 'true')
      .field('output', 'audio')
      .field('whatever', 'x')
      .set('Accept', 'text/event-stream');
    expect(answer.status).toBe(200);
    expect(answer.type).toBe('application/json');
    expect((answer.body as Answer).data.responses).toEqual(['Buenos días']);
    expect(lastRequest()?.output).toBe('text');
  });

  it('may send JSON', async () => {
    const answer = await post().send({ question: 'Good morning', IsAudio: false });
    expect((answer.body as Answer).data.responses).toEqual(['Buenos días']);
  });

  it('finds its path in any spelling', async () => {
    for (const path of ['/api/realtime/audiotranslate', '/API/REALTIME/AUDIOTRANSLATE/']) {
      const answer = await request(http.url).post(path).send({ question: 'Good morning' });
      expect(answer.status).toBe(200);
    }
  });

  it('is told a problem when it asks nothing, or for a session that is not there', async () => {
    const nothing = await post().field('IsAudio', 'true');
    expect(nothing.status).toBe(400);
    expect(nothing.type).toBe('application/problem+json');
    const unknown = await post().field('question', 'hi').field('connectID', 'gone');
    expect(unknown.status).toBe(404);
  });

  it('is held to the limits of texts all the same', async () => {
    const answer = await post().field('question', 'a'.repeat(20_001));
    expect(answer.status).toBe(413);
    expect(answer.body).toMatchObject({ errors: [{ pointer: '/question' }] });
  });
});

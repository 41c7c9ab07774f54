/** A service that shuts down: running work is finished, new work is refused, and the probes answer. */
import { afterEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
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

let http: HttpFixture;
afterEach(() => http.close());

describe('a draining service', () => {
  it('refuses new work with the time to wait, and closes the connection', async () => {
    http = await startHttp({ deps: { draining: () => true } });
    for (const answer of [
      await request(http.url).post('/api/realtime/translate').send({ text: 'hi' }),
      await request(http.url).post('/API/realtime/audiotranslate').send({ question: 'hi' }),
      await request(http.url).get('/api/realtime/sessions'),
    ]) {
      expect(answer.status).toBe(503);
      expect(answer.body).toMatchObject({ code: 'draining', retryable: true });
      expect(answer.headers['retry-after']).toBe('5');
      expect(answer.headers.connection).toBe('close');
    }
    expect(http.asked).toEqual([]);
  });

  it('reads on while a client is still sending, so that it sees the answer', async () => {
    http = await startHttp({ deps: { draining: () => true } });
    const client = new RawClient(http.port);
    const body = multipart(part('name="file"; filename="a.wav"', Buffer.alloc(2_000_000)));
    client.write(
      `POST /api/realtime/translate HTTP/1.1\r\nHost: test\r\nContent-Type: ${MULTIPART}\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    client.write(body);
    await client.ended();
    expect(client.received).toMatch(/^HTTP\/1.1 503 /);
    expect(client.received).toContain('"code":"draining"');
    client.leave();
  });

  it('finishes what it had begun', async () => {
    let isDraining = false;
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    http = await startHttp({
      deps: { draining: () => isDraining },
      translate: async function* (asked) {
        yield { type: 'started', connectId: 'c' };
        await finished;
        yield { type: 'done', result: resultOf(asked, 'c', 'hola') };
      },
    });
    const answer = request(http.url)
      .post('/api/realtime/translate')
      .send({ text: 'hi' })
      .then((each) => each);
    await until(() => http.asked.length === 1);
    isDraining = true;
    finish();
    expect((await answer).body).toMatchObject({ text: 'hola' });
  });

  it('still answers the probes', async () => {
    http = await startHttp({ deps: { draining: () => true } });
    expect((await request(http.url).get('/health')).status).toBe(200);
    expect((await request(http.url).get('/livez')).status).toBe(200);
  });
});

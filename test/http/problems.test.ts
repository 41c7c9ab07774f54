/** Every failure is a problem document. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { ERROR_CODES, GatewayError, describeError, type ErrorCode } from '../../src/errors.js';
import { startHttp, type HttpFixture } from '../support/http.js';

let http: HttpFixture;
let fails: GatewayError | Error;

beforeAll(async () => {
  http = await startHttp({
    translate: async function* () {
      if (fails.message === 'never') yield { type: 'started', connectId: 'c' };
      await Promise.resolve();
      throw fails;
    },
  });
});
afterAll(() => http.close());

const post = () => request(http.url).post('/api/realtime/translate').send({ text: 'hi' });

describe('a problem', () => {
  it.each(ERROR_CODES.filter((code) => code !== 'internal'))(
    'of %s has its status and its shape',
    async (code: ErrorCode) => {
      fails = new GatewayError(code, 'What was wrong.');
      const answer = await post().set('X-Request-Id', 'r-1');
      const { status, title, retryable } = describeError(code);
      expect(answer.status).toBe(status);
      expect(answer.headers['content-type']).toBe('application/problem+json');
      expect(answer.text).toBe(
        JSON.stringify({
          type: `urn:realtime-translation:problem:${code}`,
          title,
          status,
          detail: 'What was wrong.',
          code,
          requestId: 'r-1',
          retryable,
        }),
      );
      expect(answer.headers['cache-control']).toBe('no-store');
    },
  );

  it('has a hint, faults and the text so far where there are such', async () => {
    const errors = [{ pointer: '/text', detail: 'No.' }];
    fails = new GatewayError('translation-incomplete', 'Cut off.', {
      retryable: false,
      hint: 'Send less.',
      errors,
      partial: 'Buenos',
    });
    expect((await post()).body).toMatchObject({
      retryable: false,
      hint: 'Send less.',
      errors,
      partial: 'Buenos',
    });
  });

  it('says in whole seconds, rounded up, when to come again', async () => {
    fails = new GatewayError('pool-saturated', 'Full.', { retryAfterMs: 1_001 });
    expect((await post()).headers['retry-after']).toBe('2');
    fails = new GatewayError('pool-saturated', 'Full.', { retryAfterMs: 0 });
    expect((await post()).headers['retry-after']).toBe('1');
    fails = new GatewayError('pool-saturated', 'Full.');
    expect((await post()).headers['retry-after']).toBe('1');
    fails = new GatewayError('offline-engine-missing', 'Install it.');
    expect((await post()).headers['retry-after']).toBeUndefined();
  });

  it.each([
    [400, 'invalid-request'],
    [404, 'not-found'],
    [412, 'invalid-request'],
    [413, 'payload-too-large'],
    [415, 'unsupported-media-type'],
    [416, 'invalid-request'],
    [499, 'invalid-request'],
  ] as const)('of a library that blames the client with %s is no fault of ours', async (status, code) => {
    const logged = http.log.filter((line) => line.level === 'error').length;
    for (const blame of [{ status }, { statusCode: status }, { status, code: 'ERR_ODD', expose: true }]) {
      fails = Object.assign(new Error('secret /etc/path'), blame);
      const answer = await post();
      expect(answer.status).toBe(describeError(code).status);
      expect(answer.headers['content-type']).toBe('application/problem+json');
      expect(answer.body).toMatchObject({ code, detail: expect.stringMatching(/^[A-Z].{10,}\.$/) });
      expect(answer.text).not.toMatch(/secret|etc/);
    }
    expect(http.log.filter((line) => line.level === 'error')).toHaveLength(logged);
  });

  it.each([
    ['Range', 'bytes=99999999-'],
    ['If-Match', '"x"'],
    ['If-Unmodified-Since', 'Thu, 01 Jan 1970 00:00:00 GMT'],
  ])(
    'of a file that is asked for with a %s that it does not have is no fault of ours',
    async (name, value) => {
      const answer = await request(http.url).get('/docs/swagger-ui.css').set(name, value);
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({ code: 'invalid-request' });
    },
  );

  it('of ours is told without detail, and logged with its stack under the request’s id', async () => {
    fails = new RangeError('secret /etc/path');
    const answer = await post().set('X-Request-Id', 'r-500');
    expect(answer.status).toBe(500);
    expect(answer.body).toMatchObject({ code: 'internal', requestId: 'r-500', retryable: false });
    expect(answer.text).not.toMatch(/secret|etc|RangeError|at /);
    expect(http.log.find((line) => line.level === 'error')).toMatchObject({
      requestId: 'r-500',
      err: {
        type: 'RangeError',
        message: 'secret /etc/path',
        stack: expect.stringContaining('problems.test'),
      },
    });
  });
});

describe('a path', () => {
  it.each(['/nothing', '/api/nothing', '/api/realtime/translate/more', '/api', '//api/realtime/translate'])(
    'that is not there is 404: %s',
    async (path) => {
      const answer = await request(http.url).get(path);
      expect(answer.status).toBe(404);
      expect(answer.type).toBe('application/problem+json');
      expect(answer.body).toMatchObject({ code: 'not-found' });
    },
  );

  it.each([
    ['GET', '/api/realtime/translate', 'POST, OPTIONS'],
    ['DELETE', '/api/RealTime/AudioTranslate', 'POST, OPTIONS'],
    ['PUT', '/api/realtime/sessions', 'GET, HEAD, POST, OPTIONS'],
    ['POST', '/api/realtime/sessions/abc', 'GET, HEAD, DELETE, OPTIONS'],
    ['POST', '/api/capabilities', 'GET, HEAD, OPTIONS'],
    ['POST', '/health', 'GET, HEAD, OPTIONS'],
    ['PATCH', '/livez', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/readyz', 'GET, HEAD, OPTIONS'],
  ])('that is there refuses other methods with those it has: %s %s', async (method, path, allow) => {
    const answer = await fetch(http.url + path, { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe(allow);
    expect(await answer.json()).toMatchObject({ code: 'method-not-allowed' });
    const options = await fetch(http.url + path, { method: 'OPTIONS' });
    expect(options.status).toBe(204);
    expect(options.headers.get('allow')).toBe(allow);
  });

  it('answers HEAD as GET, without a body', async () => {
    for (const path of ['/health', '/livez', '/readyz', '/api/capabilities', '/api/realtime/sessions']) {
      const answer = await fetch(http.url + path, { method: 'HEAD' });
      expect(answer.status).toBe(200);
      expect(await answer.text()).toBe('');
    }
    expect((await fetch(`${http.url}/nothing`, { method: 'HEAD' })).status).toBe(404);
  });

  it('that cannot be decoded is a fault of the request', async () => {
    const answer = await request(http.url).get('/api/realtime/sessions/%E0%A4%A');
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'invalid-request', errors: [{ pointer: '' }] });
  });

  it('is found in any case', async () => {
    fails = new GatewayError('session-closed', 'Gone.');
    const answer = await request(http.url).post('/API/Realtime/TRANSLATE').send({ text: 'hi' });
    expect(answer.status).toBe(410);
  });
});

/** The document that machines read: well-formed, of the running configuration, and made of what validates. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { startHttp, type HttpFixture } from '../../support/http.js';

let http: HttpFixture;

const start = async (env: Record<string, string> = {}): Promise<void> => {
  http = await startHttp({ env });
};

afterEach(() => http.close());

describe('GET /openapi.json', () => {
  beforeEach(() => start({ API_KEYS: 'k', MAX_TEXT_CHARS: '321', MAX_UPLOAD_MB: '7' }));

  it('needs no key, and says when it is the same', async () => {
    const first = await fetch(`${http.url}/openapi.json`);
    expect(first.status).toBe(200);
    expect(first.headers.get('content-type')).toBe('application/json; charset=utf-8');
    const again = await fetch(`${http.url}/openapi.json`, {
      headers: { 'If-None-Match': first.headers.get('etag') ?? '', 'Cache-Control': 'max-age=0' },
    });
    expect(again.status).toBe(304);
  });

  it('has nothing to object to', async () => {
    const source = await (await fetch(`${http.url}/openapi.json`)).text();
    const problems = await lintFromString({
      source,
      config: await createConfig({ extends: ['recommended-strict'] }),
    });
    const told = problems.map(({ ruleId, location }) => `${ruleId} ${location[0]?.pointer ?? ''}`);
    // What succeeds there is an upgrade, and 101 is no 2XX.
    expect(told).toEqual([
      'operation-2xx-response #/paths/~1realtime-voice/get/responses',
      'operation-2xx-response #/paths/~1text-chat/get/responses',
    ]);
  });

  it('tells the limits that hold here', async () => {
    const source = await (await fetch(`${http.url}/openapi.json`)).text();
    expect(source).toContain('"maxLength":321');
    expect(source).toMatch(/at most 321 characters, recordings of at most 14400 s and 7 MB/);
  });
});

describe('the keys in it', () => {
  const securityOf = async (path: string, method: string): Promise<unknown> => {
    const document = (await (await fetch(`${http.url}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { security: unknown }>>;
    };
    return document.paths[path]?.[method]?.security;
  };

  it('are asked for where keys are set', async () => {
    await start({ API_KEYS: 'k' });
    expect(await securityOf('/api/realtime/translate', 'post')).toEqual([{ bearer: [] }, { key: [] }]);
    expect(await securityOf('/text-chat', 'get')).toEqual([{ bearer: [] }, { key: [] }, { ticket: [] }]);
    expect(await securityOf('/health', 'get')).toEqual([]);
  });

  it('may be left out where the service is open', async () => {
    await start();
    expect(await securityOf('/api/realtime/translate', 'post')).toEqual([{}, { bearer: [] }, { key: [] }]);
  });
});

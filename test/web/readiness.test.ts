/** What the page makes of a service that is not ready. */
import { afterEach, expect, it } from '@jest/globals';
import { readNotReady } from '../../web/src/api/readiness.js';
import { startHttp, type HttpFixture, type HttpFixtureOptions } from '../support/http.js';

let http: HttpFixture | undefined;
afterEach(() => http?.close());

async function notReady(deps: HttpFixtureOptions['deps']): Promise<string> {
  http = await startHttp({ ...(deps && { deps }) });
  return await (await fetch(`${http.url}/readyz`)).text();
}

it('a service that drains is told from others by the name of its check', async () => {
  expect(readNotReady(await notReady({ draining: () => true })).code).toBe('draining');
});

it('a provider that cannot be reached is not taken for a restart, whatever its sentence says', async () => {
  const upstream = { name: 'upstream', ok: false, detail: 'The provider is draining its servers.' };
  const trouble = readNotReady(await notReady({ ready: () => Promise.resolve([upstream]) }));
  expect(trouble.code).toBe('upstream-unavailable');
});

it.each(['', 'Bad Gateway', '{"checks":[null,1,{"name":"draining"}]}', '{"detail":"draining"}'])(
  'what is no answer of the service is a provider out of reach: %s',
  (body) => {
    expect(readNotReady(body).code).toBe('upstream-unavailable');
  },
);

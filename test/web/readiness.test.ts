/** How the page reads the response of a service that is not ready. */
import { afterEach, expect, it } from '@jest/globals';
import { parseNotReady } from '../../web/src/api/readiness.js';
import { startHttp, type HttpFixture, type HttpFixtureOptions } from '../support/http.js';

let http: HttpFixture | undefined;
afterEach(() => http?.close());

async function notReady(deps: HttpFixtureOptions['deps']): Promise<string> {
  http = await startHttp({ ...(deps && { deps }) });
  return await (await fetch(`${http.url}/readyz`)).text();
}

it('a draining service is recognized by the name of its check', async () => {
  expect(parseNotReady(await notReady({ draining: () => true })).code).toBe('draining');
});

it('a provider that cannot be reached is not taken for a restart, whatever its detail says', async () => {
  const upstream = { name: 'upstream', ok: false, detail: 'The provider is draining its servers.' };
  const error = parseNotReady(await notReady({ ready: () => Promise.resolve([upstream]) }));
  expect(error.code).toBe('upstream-unavailable');
});

it.each(['', 'Bad Gateway', '{"checks":[null,1,{"name":"draining"}]}', '{"detail":"draining"}'])(
  'anything that is not a response of the service means an unreachable provider: %s',
  (body) => {
    expect(parseNotReady(body).code).toBe('upstream-unavailable');
  },
);

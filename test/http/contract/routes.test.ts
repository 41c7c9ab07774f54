/** The table of routes, the Express app, the server, the OpenAPI document and the labels of the metrics are one thing. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { labelOf, type Route } from '../../../src/http/pipeline.js';
import { startHttp, until, type HttpFixture } from '../../support/http.js';
import { Document } from '../../support/http/openapi-document.js';

let http: HttpFixture;
beforeAll(async () => {
  http = await startHttp();
});
afterAll(() => http.close());

/** A path that the route matches. */
function sampleOf({ path }: Route): string {
  if (path === '/docs/*') return '/docs/start.js';
  return path.replace('{connectId}', 'a1b2').replace('*', 'index.js');
}

describe('every route of the table', () => {
  it('answers through the Express app as through the server', async () => {
    expect(http.routes.length).toBeGreaterThan(15);
    for (const route of http.routes) {
      const path = sampleOf(route);
      const method = route.method.toLowerCase() as 'get' | 'post' | 'delete';
      const [inApp, onServer] = [
        await request(http.app)[method](path),
        await request(http.url)[method](path),
      ];
      const name = `${route.method} ${path}`;
      // Neither a page nor a file of it need be built here.
      if (path !== '/' && !path.startsWith('/assets')) {
        expect({ name, code: (inApp.body as { code?: string }).code }).not.toMatchObject({
          code: 'not-found',
        });
      }
      expect({ name, status: inApp.status, headers: Object.keys(inApp.headers).sort() }).toEqual({
        name,
        status: onServer.status,
        headers: Object.keys(onServer.headers).sort(),
      });
      expect(inApp.status).not.toBe(405);
    }
  });

  it('is matched in any case, with a slash at its end, and by HEAD where there is GET', async () => {
    for (const route of http.routes.filter(({ method, path }) => method === 'GET' && !path.endsWith('*'))) {
      const path = sampleOf(route);
      const { status } = await request(http.url).get(path);
      const others = [path.toUpperCase(), path === '/' ? '/?x=1' : `${path}/`];
      for (const other of others)
        expect({ other, status: (await request(http.url).get(other)).status }).toEqual({ other, status });
      expect((await request(http.url).head(path)).status).toBe(status);
    }
  });

  it('tells other methods which ones its path has, and has none but GET where it is a file', async () => {
    for (const route of http.routes) {
      if (route.isFile) {
        expect((await request(http.url).put(sampleOf(route))).status).toBe(404);
        continue;
      }
      const path = sampleOf(route);
      const methods = http.routes.filter((each) => each.path === route.path).map(({ method }) => method);
      const refused = await request(http.url).put(path);
      expect({ path, status: refused.status }).toEqual({ path, status: 405 });
      const allowed = refused.headers.allow?.split(', ').filter((method) => !/HEAD|OPTIONS/.test(method));
      expect(allowed).toEqual(methods);
      const options = await request(http.url).options(path);
      expect([options.status, options.headers.allow]).toEqual([204, refused.headers.allow]);
    }
  });

  it('that has an operation is described, and nothing else is', async () => {
    const document = await Document.of(http.url);
    const described = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.keys(item)
        .filter((method) => method !== 'parameters')
        .map((method) => `${method.toUpperCase()} ${path}`),
    );
    const withOperation = http.routes.filter(({ operation }) => operation !== undefined);
    expect(described.sort()).toEqual(withOperation.map(({ method, path }) => `${method} ${path}`).sort());
    // Files of the page and of the documentation.
    expect(http.routes.length - withOperation.length).toBe(2);
  });

  it('is counted under its own label', async () => {
    const before = http.log.length;
    for (const route of http.routes)
      await request(http.url)[route.method === 'GET' ? 'get' : 'post'](sampleOf(route));
    await until(() => http.log.length >= before + http.routes.length);
    const { text } = await request(http.url).get('/metrics');
    const labels = new Set(
      [...text.matchAll(/^translation_http_requests_total\{route="([^"]*)"/gm)].map((m) => m[1]),
    );
    expect([...labels].sort()).toEqual([...new Set(http.routes.map(({ path }) => labelOf(path)))].sort());
  });
});

it('the label of a route is its path in lower case, with the names of its parameters', () => {
  expect(labelOf('/api/RealTime/AudioTranslate')).toBe('/api/realtime/audiotranslate');
  expect(labelOf('/api/realtime/Sessions/{connectId}')).toBe('/api/realtime/sessions/{connectId}');
});

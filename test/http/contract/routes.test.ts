/** The document and the routes that Express has are the same. */
import { expect, it } from '@jest/globals';
import { routeOf } from '../../../src/http/routes.js';
import { startBeforeScript } from '../../support/gateway.js';
import { Document } from '../../support/http/openapi-document.js';

interface Layer {
  readonly route?: { readonly path: string; readonly methods: Record<string, boolean> };
  readonly handle: { readonly stack?: readonly Layer[] };
}

/** Each as `get /path`. */
function routesOf(app: unknown): string[] {
  const routes = (layers: readonly Layer[], prefix: string): string[] =>
    layers.flatMap(({ route, handle }) =>
      route === undefined
        ? routes(handle.stack ?? [], '/api')
        : Object.keys(route.methods).map((method) => `${method} ${prefix}${route.path}`),
    );
  const { stack } = (app as { router: { stack: readonly Layer[] } }).router;
  return routes(stack, '');
}

it('every route of the service is described, and nothing else is', async () => {
  const running = await startBeforeScript();
  const document = await Document.of(running.url);
  const served = routesOf(running.gateway.app).filter((route) => !route.startsWith('_all'));
  const described = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item)
      .filter((method) => method !== 'parameters')
      .map((method) => `${method} ${path.replace('{connectId}', ':connectId')}`),
  );
  // The page and the documentation are files behind one handler.
  const files = ['get /', 'get /docs'];
  const plainly = (each: string): string => each.toLowerCase();
  expect(served.map(plainly).sort()).toEqual(
    described
      .filter((each) => !files.includes(each))
      .map(plainly)
      .sort(),
  );
  await running.close();
});

it('every route of the service is counted under its own name', async () => {
  const running = await startBeforeScript();
  const paths = new Set(routesOf(running.gateway.app).map((route) => route.replace(/^\S+ /, '')));
  expect(paths.size).toBeGreaterThan(10);
  for (const path of [...paths, '/', '/docs', '/docs/start.js', '/assets/index.js']) {
    const asked = path.replace(':connectId', 'a1b2');
    const counted = path.replace(':connectId', '{connectId}').replace(/^\/(docs|assets)\/.*/, '/$1/*');
    expect({ path, counted: routeOf(asked) }).toEqual({ path, counted });
  }
  await running.close();
});

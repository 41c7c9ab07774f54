/** The document and the routes that Express has are the same. */
import { expect, it } from '@jest/globals';
import { startBeforeScript } from '../../support/gateway.js';
import { Document } from './document.js';

interface Layer {
  readonly route?: { readonly path: string; readonly methods: Record<string, boolean> };
  readonly handle: { readonly stack?: readonly Layer[] };
}

it('every route of the service is described, and nothing else is', async () => {
  const running = await startBeforeScript();
  const document = await Document.of(running.url);
  const routes = (layers: readonly Layer[], prefix: string): string[] =>
    layers.flatMap(({ route, handle }) =>
      route === undefined
        ? routes(handle.stack ?? [], '/api')
        : Object.keys(route.methods).map((method) => `${method} ${prefix}${route.path}`),
    );
  const { stack } = (running.gateway.app as unknown as { router: { stack: readonly Layer[] } }).router;
  const served = routes(stack, '').filter((route) => !route.startsWith('_all'));
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

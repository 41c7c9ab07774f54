/** The documents of the API, for machines as JSON and for people as Swagger UI, which loads nothing from elsewhere. */
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { static as serveStatic } from 'express';
import type { Middleware } from '../middleware/compose.js';
import { sendNotModified } from '../response.js';

/** Files of the package that the page uses. */
const FILES = ['/swagger-ui.css', '/swagger-ui-bundle.js', '/favicon-32x32.png'];

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Realtime translation service: API</title>
    <link rel="icon" href="/docs/favicon-32x32.png" />
    <link rel="stylesheet" href="/docs/swagger-ui.css" />
    <link rel="stylesheet" href="/docs/page.css" />
  </head>
  <body>
    <header>
      <a href="/">The page</a> <a href="/openapi.json">openapi.json</a> <a href="/asyncapi.json">asyncapi.json</a>
    </header>
    <main id="api"></main>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

const STYLE = `body { margin: 0; background: #fff; }
header { display: flex; gap: 1.5rem; justify-content: flex-end; max-width: 1460px; margin: 0 auto; padding: 1rem 20px 0; font: 0.9rem system-ui, sans-serif; }
header a { color: #2456a6; }
`;

/** Without the validator, which is another site's. */
const START = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#api',
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  defaultModelsExpandDepth: 0,
});
`;

const OWN: Readonly<Record<string, { type: string; body: string }>> = {
  '': { type: 'text/html; charset=utf-8', body: PAGE },
  '/page.css': { type: 'text/css; charset=utf-8', body: STYLE },
  '/start.js': { type: 'text/javascript; charset=utf-8', body: START },
};

const DOCS = '/docs';

/** For the path /docs and those below it. */
export function serveDocs(): Middleware {
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  // Only its types ask for Express's requests and responses; it works with node's.
  const packaged = serveStatic(folder, { index: false, redirect: false, maxAge: 3_600_000 }) as Middleware;
  return (req, res, next) => {
    const file = req.context.path.slice(DOCS.length).replace(/^\/$/, '');
    const own = OWN[file];
    if (own !== undefined) {
      res.setHeader('Content-Type', own.type);
      res.setHeader('Cache-Control', 'no-cache');
      res.end(own.body);
    } else if (FILES.includes(file)) {
      // The package serves what it finds at the URL.
      req.url = file;
      return packaged(req, res, next);
    } else {
      next();
    }
    return undefined;
  };
}

/** @param describe makes the document, once, when it is first requested. */
export function serveJsonDocument(describe: () => object): Middleware {
  let cached: { body: Buffer; etag: string } | undefined;
  const render = (): { body: Buffer; etag: string } => {
    const body = Buffer.from(JSON.stringify(describe()));
    return { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
  };
  return (req, res) => {
    const { body, etag } = (cached ??= render());
    if (sendNotModified(req, res, etag, 'no-cache')) return;
    res.setHeader('Content-Type', 'application/json; charset=utf-8');
    res.setHeader('Content-Length', body.length);
    res.end(body);
  };
}

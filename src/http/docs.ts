/** The documentation to read and to try: Swagger UI from its package, which loads nothing from elsewhere. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Router, static as serveStatic, type Request, type RequestHandler } from 'express';

/** Of the package's files only those that the page uses. */
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

/** No validator is asked: it is another site's. */
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
  '/': { type: 'text/html; charset=utf-8', body: PAGE },
  '/page.css': { type: 'text/css; charset=utf-8', body: STYLE },
  '/start.js': { type: 'text/javascript; charset=utf-8', body: START },
};

/** For the path /docs and what is below it. */
export function serveDocs(): RequestHandler {
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  const packaged = serveStatic(folder, { index: false, redirect: false, maxAge: 3_600_000 });
  const router = Router();
  router.use((req, res, next) => {
    if (!isReading(req)) {
      next();
      return;
    }
    const own = OWN[req.path];
    if (own !== undefined) res.set({ 'Content-Type': own.type, 'Cache-Control': 'no-cache' }).end(own.body);
    else if (FILES.includes(req.path)) packaged(req, res, next);
    else next();
  });
  return router;
}

function isReading({ method }: Request): boolean {
  return method === 'GET' || method === 'HEAD';
}

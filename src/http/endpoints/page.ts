/** The web page: a few built files, compressed at the start of the service and held in memory. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import accepts from 'accepts';
import type { Middleware } from '../middleware/compose.js';
import { sendNotModified } from '../response.js';

/** Beside `src/` and `dist/` alike. */
const PAGE_FOLDER = fileURLToPath(new URL('../../../web/dist', import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

type Encoding = 'br' | 'gzip' | 'identity';

interface PageFile {
  readonly type: string;
  readonly etag: string;
  readonly cacheControl: string;
  readonly bodies: Readonly<Record<Encoding, Buffer>>;
}

/** Answers GET for `/` and the files of the page, and passes everything else on. */
export function servePage(folder = PAGE_FOLDER): Middleware {
  const files = new Map(listFiles(folder).map((name) => [`/${name}`, readPageFile(folder, name)]));
  const index = files.get('/index.html');
  if (index !== undefined) files.set('/', index);

  return (req, res, next) => {
    const file = req.method === 'GET' || req.method === 'HEAD' ? files.get(req.context.path) : undefined;
    if (file === undefined) {
      next();
      return;
    }
    const vary = res.getHeader('Vary');
    res.setHeader('Vary', vary === undefined ? 'Accept-Encoding' : `${String(vary)}, Accept-Encoding`);
    if (sendNotModified(req, res, file.etag, file.cacheControl)) return;
    const accepted = accepts(req).encodings(['br', 'gzip', 'identity']);
    const encoding: Encoding = accepted === 'br' || accepted === 'gzip' ? accepted : 'identity';
    const body = file.bodies[encoding];
    res.setHeader('Content-Type', file.type);
    if (encoding !== 'identity') res.setHeader('Content-Encoding', encoding);
    res.setHeader('Content-Length', body.length);
    res.end(body);
  };
}

function listFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => extname(name) in TYPES)
    .map((name) => name.replaceAll(sep, '/'));
}

function readPageFile(folder: string, name: string): PageFile {
  const identity = readFileSync(join(folder, name));
  const br = brotliCompressSync(identity, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
  return {
    type: TYPES[extname(name)] ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(identity).digest('base64url').slice(0, 22)}"`,
    // Names under assets/ change with their content.
    cacheControl: name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    bodies: { identity, br, gzip: gzipSync(identity) },
  };
}

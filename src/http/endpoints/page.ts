/** The web page: a few built files, compressed at the start of the service and held in memory. */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
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
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};
/** Compressed already. */
const COMPRESSED: ReadonlySet<string> = new Set(['.png', '.woff2']);
/** Written by the build of the page; not served. */
const STYLE_HASHES_FILE = 'style-hashes.json';

/**
 * They tell a browser how to treat a document. On scripts and styles they mean nothing, and cost 0.6 kB for each of the
 * page's files.
 */
const DOCUMENT_HEADERS = [
  'Content-Security-Policy',
  'Cross-Origin-Opener-Policy',
  'Origin-Agent-Cluster',
  'X-DNS-Prefetch-Control',
  'X-Download-Options',
  'X-Frame-Options',
  'X-Permitted-Cross-Domain-Policies',
  'X-XSS-Protection',
];
const NO_DOCUMENTS: ReadonlySet<string> = new Set(['.js', '.css']);

type Encoding = 'br' | 'gzip' | 'identity';

interface PageFile {
  readonly type: string;
  readonly etag: string;
  readonly cacheControl: string;
  /** Whether a browser shows it by itself: HTML, an SVG. */
  readonly isDocument: boolean;
  readonly identity: Buffer;
  /** Absent where the file is compressed already. */
  readonly compressed?: Readonly<Record<Exclude<Encoding, 'identity'>, Buffer>>;
}

/**
 * Hashes of the styles that libraries of the page put into it by themselves, for `style-src` of its policy.
 *
 * @throws Error for a file that is not a list of hashes: they become part of a header
 */
export function readStyleHashes(folder = PAGE_FOLDER): readonly string[] {
  const file = join(folder, STYLE_HASHES_FILE);
  if (!existsSync(file)) return [];
  const hashes: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const isHash = (value: unknown): value is string =>
    typeof value === 'string' && /^sha256-[A-Za-z0-9+/]{43}=$/.test(value);
  if (Array.isArray(hashes) && hashes.every(isHash)) return hashes;
  throw new Error(`${STYLE_HASHES_FILE} is not a list of hashes. Build the page again: npm run build:web`);
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
    const { compressed, identity } = file;
    if (!file.isDocument) for (const name of DOCUMENT_HEADERS) res.removeHeader(name);
    if (compressed !== undefined) varyByEncoding(res);
    if (sendNotModified(req, res, file.etag, file.cacheControl)) return;
    const encoding = compressed === undefined ? 'identity' : chooseEncoding(req);
    const body = compressed === undefined || encoding === 'identity' ? identity : compressed[encoding];
    res.setHeader('Content-Type', file.type);
    if (encoding !== 'identity') res.setHeader('Content-Encoding', encoding);
    res.setHeader('Content-Length', body.length);
    res.end(body);
  };
}

function varyByEncoding(res: ServerResponse): void {
  const vary = res.getHeader('Vary');
  res.setHeader('Vary', vary === undefined ? 'Accept-Encoding' : `${String(vary)}, Accept-Encoding`);
}

function chooseEncoding(req: IncomingMessage): Encoding {
  const accepted = accepts(req).encodings(['br', 'gzip', 'identity']);
  return accepted === 'br' || accepted === 'gzip' ? accepted : 'identity';
}

function listFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => extname(name) in TYPES)
    .map((name) => name.replaceAll(sep, '/'));
}

function readPageFile(folder: string, name: string): PageFile {
  const identity = readFileSync(join(folder, name));
  return {
    type: TYPES[extname(name)] ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(identity).digest('base64url').slice(0, 22)}"`,
    // Names under assets/ change with their content.
    cacheControl: name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    isDocument: !NO_DOCUMENTS.has(extname(name)),
    identity,
    ...(!COMPRESSED.has(extname(name)) && { compressed: compress(identity) }),
  };
}

function compress(identity: Buffer): NonNullable<PageFile['compressed']> {
  const br = brotliCompressSync(identity, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
  return { br, gzip: gzipSync(identity) };
}

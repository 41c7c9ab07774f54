/**
 * The one way of every request: its path is looked up, and the middleware of that path is run in order. The same listener
 * serves the node server, the upgrades and the Express app.
 */
import type { RequestListener } from 'node:http';
import type { Logger } from 'pino';
import { GatewayError } from '../errors.js';
import { notFound } from './error-handler.js';
import { compose, type ErrorHandler, type Middleware } from './middleware/compose.js';
import { RequestContext } from './middleware/request-context.js';
import type { Operation } from './openapi/operations/operation.js';
import { writeProblem, type ErrorWriter } from './problem.js';

/** `key`: an API key, points and draining; `conversation`, `sound`: a key or a ticket; `metrics`: the token of METRICS_TOKEN. */
export type Access = 'key' | 'conversation' | 'sound' | 'metrics' | 'open';

/** Routes of one path are served together: they have one access, and one way to write failures. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Without regard to case, or to a slash at its end. `{name}` is one segment, a `*` at the end anything. */
  readonly path: string;
  readonly access: Access;
  readonly handler: Middleware;
  /** What the OpenAPI document says of it; absent: it is not in there. */
  readonly operation?: Operation | undefined;
  /** A file that may not exist: by other methods it is 404, as a path that no route has. */
  readonly isFile?: true;
  /** Writes failures in another envelope than application/problem+json. */
  readonly error?: ErrorWriter;
}

interface PipelineOptions {
  readonly routes: readonly Route[];
  /** What every request passes first. */
  readonly always: readonly Middleware[];
  /** What a request passes next, by the access of its path. Below `/api` a path that no route has is guarded by `key`. */
  readonly guards: Readonly<Record<Access, readonly Middleware[]>>;
  /** Serves paths that no route has, or passes them on. */
  readonly fallback: Middleware;
  readonly onError: ErrorHandler;
  readonly logger: Logger;
}

/** One path with all its methods. */
interface Endpoint {
  readonly route: string;
  /** Absent: the path is the pattern. */
  readonly pattern?: RegExp;
  readonly writeError: ErrorWriter;
  readonly handle: RequestListener;
}

export function createPipeline(options: PipelineOptions): RequestListener {
  const find = createLookup(options);
  return (req, res) => {
    const path = pathOf(req.url ?? '/');
    const { route, writeError, handle } = find(path);
    req.context = new RequestContext(path, route, writeError, req.headers['x-request-id']);
    handle(req, res);
  };
}

/** The name of a route in metrics and traces: its path, in lower case but for the names of parameters. */
export function labelOf(path: string): string {
  return path.replace(/(^|\})[^{]*/g, (literal) => literal.toLowerCase());
}

function createLookup({ routes, always, guards, fallback, onError, logger }: PipelineOptions) {
  const composed = (...chain: Middleware[]): RequestListener =>
    compose([...always, ...chain, notFound], onError, logger);
  const unknown = { route: 'other', writeError: writeProblem };
  const elsewhere: Endpoint = { ...unknown, handle: composed(fallback) };
  const belowApi: Endpoint = { ...unknown, handle: composed(...guards.key, fallback) };

  const exact = new Map<string, Endpoint>();
  const patterns: Required<Endpoint>[] = [];
  for (const served of groupByPath(routes)) {
    const [{ path, access, error: writeError = writeProblem }] = served;
    const pattern = patternOf(path);
    const handle = composed(...guards[access], byMethod(served, pattern));
    const endpoint: Endpoint = { route: labelOf(path), writeError, handle };
    if (pattern === undefined) exact.set(path.toLowerCase(), endpoint);
    else patterns.push({ ...endpoint, pattern });
  }

  return (path: string): Endpoint => {
    const key = canonical(path);
    return (
      exact.get(key) ??
      patterns.find(({ pattern }) => pattern.test(key)) ??
      (key === '/api' || key.startsWith('/api/') ? belowApi : elsewhere)
    );
  };
}

type RoutesOfPath = readonly [Route, ...Route[]];

function groupByPath(routes: readonly Route[]): Iterable<RoutesOfPath> {
  const groups = new Map<string, [Route, ...Route[]]>();
  for (const route of routes) {
    const key = route.path.toLowerCase();
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [route]);
    else group.push(route);
  }
  return groups.values();
}

/** HEAD is answered as GET is, OPTIONS with the methods there are, any other method with 405 (of a file: 404). */
function byMethod(routes: RoutesOfPath, pattern: RegExp | undefined): Middleware {
  const handlers = new Map<string, Middleware>();
  const methods: string[] = [];
  for (const { method, access, handler } of routes) {
    handlers.set(method, handler);
    methods.push(method);
    if (method !== 'GET') continue;
    handlers.set('HEAD', handler);
    // An upgrade is asked for by GET alone: there HEAD only says why it would fail.
    if (access !== 'conversation') methods.push('HEAD');
  }
  const allow = [...methods, 'OPTIONS'];

  return (req, res, next) => {
    const { method = '', context } = req;
    if (pattern !== undefined) context.params = paramsOf(pattern, context.path);
    const handler = handlers.get(method);
    if (handler !== undefined) return handler(req, res, next);
    if (routes[0].isFile) {
      next();
      return undefined;
    }
    if (method !== 'OPTIONS') {
      const detail = `${method} is not possible here; use ${methods.join(' or ')}.`;
      throw new GatewayError('method-not-allowed', detail, { allow });
    }
    res.setHeader('Allow', allow.join(', '));
    res.statusCode = 204;
    res.end();
    return undefined;
  };
}

/** Undefined for a path that is matched as it stands. */
function patternOf(path: string): RegExp | undefined {
  if (!/[{*]/.test(path)) return undefined;
  const source = path.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)').replace(/\*$/, '.+');
  return new RegExp(`^${source}/?$`, 'i');
}

/** @throws URIError where a segment is not percent-encoded UTF-8 */
function paramsOf(pattern: RegExp, path: string): Record<string, string> {
  const groups = Object.entries(pattern.exec(path)?.groups ?? {});
  return Object.fromEntries(groups.map(([name, segment]) => [name, decodeURIComponent(segment)]));
}

function canonical(path: string): string {
  const key = path.toLowerCase();
  return key.length > 1 && key.endsWith('/') ? key.slice(0, -1) : key;
}

/** The path of a request line, which a client of a proxy writes as a whole address. */
function pathOf(url: string): string {
  if (!url.startsWith('/') && URL.canParse(url)) return new URL(url).pathname;
  const end = url.search(/[?#]/);
  return end < 0 ? url : url.slice(0, end);
}

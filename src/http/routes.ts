/** The patterns of all paths, for whoever counts requests: as many names as there are routes, whatever clients ask for. */

const ROUTES = [
  '/',
  '/api/capabilities',
  '/api/realtime/audiotranslate',
  '/api/realtime/sessions',
  '/api/realtime/tickets',
  '/api/realtime/translate',
  '/asyncapi.json',
  '/docs',
  '/health',
  '/livez',
  '/metrics',
  '/openapi.json',
  '/readyz',
  '/realtime-voice',
  '/text-chat',
] as const;

const EXACT = new Set<string>(ROUTES);
const FAMILIES = [
  { pattern: '/api/realtime/sessions/{connectId}', paths: /^\/api\/realtime\/sessions\/[^/]+$/ },
  { pattern: '/assets/*', paths: /^\/assets\/./ },
  { pattern: '/docs/*', paths: /^\/docs\/./ },
];

/** @returns `other` for what is no path of ours. Like the routes, it does not mind case or a slash at the end. */
export function routeOf(url: string): string {
  const path = url.split('?', 1)[0]?.toLowerCase() ?? '';
  const plain = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  if (EXACT.has(plain)) return plain;
  return FAMILIES.find(({ paths }) => paths.test(plain))?.pattern ?? 'other';
}

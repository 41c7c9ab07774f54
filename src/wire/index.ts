/** The wire: one neutral vocabulary, two dialects. Only this file is imported from outside. */
import { CLIENT_EVENT_NAMES } from './shared/client-events.js';
import type { Dialect, DialectName } from './dialect.js';
import { ga } from './ga/ga.js';
import { preview } from './preview/preview.js';

export type * from './events.js';
export type { Decoded, Dialect, DialectName } from './dialect.js';
export { responseEdge } from './response-edge.js';
export { LIMITS_EVENT_NAME } from './shared/server-readers.js';
export { CLIENT_EVENT_NAMES, ga, preview };

/** Chosen once per connection, by name. */
export const dialects: Readonly<Record<DialectName, Dialect>> = { ga, preview };

/** The wire: one neutral vocabulary and the dialects that it is written in. Only this file is imported from outside. */
import type { DialectOf } from './dialect.js';
import { ga } from './ga/ga.js';
import { CLIENT_EVENT_NAMES, SHARED_NAMES } from './names.js';
import { preview } from './preview/preview.js';
import { voicelive } from './voicelive/voicelive.js';

export type * from './events.js';
export { responseEdge, sessionShape, type Decoded } from './decode.js';
export { CLIENT_EVENT_NAMES, ga, preview, voicelive };

/** Chosen once per connection, by name. */
export const dialects = { ga, preview, voicelive } as const;

export type DialectName = keyof typeof dialects;
/** Those that clients of this service may speak. */
export const clientDialects = { ga, preview } as const;
export type ClientDialectName = keyof typeof clientDialects;
export type Dialect = DialectOf<DialectName>;

/** Follows each response and is hardly ever needed: the pool keeps the last one unread. */
export const LIMITS_EVENT_NAME = SHARED_NAMES.limits;

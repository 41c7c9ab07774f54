/** The wire: one neutral vocabulary, two dialects. Only this file is imported from outside. */
export type * from './events.js';
export type { Decoded, Dialect, DialectName } from './dialect.js';

/** The types of our own /openapi.json, which the client of this package has. */
export type * from '../../../src/client/openapi.js';

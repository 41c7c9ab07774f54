/** The types of the service that the client and the page have are those of its own /openapi.json. */
import { expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { generateApiTypes, TYPES_PATH } from '../../web/scripts/api-types.js';

it('openapi.ts is up to date; if it is not, run `npm run api-types`', async () => {
  expect(await readFile(TYPES_PATH, 'utf8')).toBe(await generateApiTypes());
});

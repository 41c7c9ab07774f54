/** Writes src/client/openapi.ts: the types of our own /openapi.json, for the client and the page. `npm run api-types` after a change of the API. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString, COMMENT_HEADER } from 'openapi-typescript';
import { format, resolveConfig } from 'prettier';
import { loadConfig } from '../../src/config/config.js';
import { createGateway } from '../../src/gateway.js';
import { createLogger } from '../../src/telemetry/logger.js';

export const TYPES_PATH = fileURLToPath(new URL('../../src/client/openapi.ts', import.meta.url));

/** Of a service with the default configuration; its upstream is never called. */
export async function generateApiTypes(): Promise<string> {
  const config = loadConfig({
    PORT: '0',
    REALTIME_PROVIDER: 'compatible',
    REALTIME_URL: 'ws://127.0.0.1:9',
    POOL_WARM: '0',
  });
  const gateway = await createGateway(config, { logger: createLogger('silent') });
  try {
    const url = await gateway.listen();
    const document = await (await fetch(`${url}/openapi.json`)).text();
    const source = COMMENT_HEADER + astToString(await openapiTS(document));
    return await format(source, { ...(await resolveConfig(TYPES_PATH)), filepath: TYPES_PATH });
  } finally {
    await gateway.close();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(TYPES_PATH, await generateApiTypes());

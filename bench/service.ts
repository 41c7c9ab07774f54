/** The service as a process of its own, as its environment says: keys, limits and logs are as they are by default. */
import { createWriteStream } from 'node:fs';
import { loadConfig } from '../src/config.js';
import { createGateway } from '../src/gateway.js';
import { createLogger } from '../src/logger.js';

const config = loadConfig({ ...process.env, PORT: '0', RATE_LIMIT_PER_MINUTE: '1000000' });
const gateway = await createGateway(config, { logger: createLogger('info', createWriteStream('/dev/null')) });
process.send?.(await gateway.listen());

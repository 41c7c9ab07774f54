/** The service as a process, which takes jobs of a dead node over within seconds: what the tests wait for is the same. */
import { once } from 'node:events';
import { loadConfig } from '../../../src/config/config.js';
import { createGateway } from '../../../src/gateway.js';
import { SHORT_TIMING } from './timing.js';

const stopped = once(process, 'SIGTERM');
const gateway = await createGateway(loadConfig(), { jobTiming: SHORT_TIMING });
await gateway.listen();
await stopped;
await gateway.close();
process.exit(0);

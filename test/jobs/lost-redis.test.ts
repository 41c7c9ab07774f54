/** A node whose Redis is gone for good ends all the same, and leaves no connection that tries again for ever. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { startRedis } from '../support/redis.js';

/** What the process of a service does; it is not ended by `process.exit`, so that whatever is open keeps it. */
const PROGRAM = `
  import { loadConfig } from './src/config/config.ts';
  import { createGateway } from './src/gateway.ts';
  const gateway = await createGateway(loadConfig(process.env));
  await gateway.listen();
  process.send('listens');
  await new Promise((resolve) => process.once('message', resolve));
  await gateway.close();
  process.disconnect();
`;

it('closes with its queue while Redis is gone, and keeps nothing open', async () => {
  const redis = await startRedis();
  const folder = await mkdtemp(join(tmpdir(), 'lost-redis-'));
  const node = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', PROGRAM], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      ...process.env,
      ...{ PORT: '0', UPLOAD_DIR: folder, REDIS_URL: redis.url },
      ...{ REALTIME_PROVIDER: 'compatible', REALTIME_URL: 'ws://127.0.0.1:9' },
    },
  });
  try {
    const ended = once(node, 'exit');
    await once(node, 'message');
    await redis.kill();
    node.send('close');
    const timeout = new Promise((resolve) => setTimeout(resolve, 15_000, 'still runs').unref());
    expect(await Promise.race([ended, timeout])).toEqual([0, null]);
  } finally {
    node.kill('SIGKILL');
    await redis.stop();
    await rm(folder, { recursive: true });
  }
}, 60_000);

/** Redis goes while a node starts, runs or closes: it goes on once Redis is back, and it always ends. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { startRedis, type TestRedis } from '../support/redis.js';

/** What the process of a service does; it is not ended by `process.exit`, so that whatever is open keeps it. */
const GATEWAY = `
  import { loadConfig } from './src/config/config.ts';
  import { createGateway } from './src/gateway.ts';
  const gateway = await createGateway(loadConfig(process.env));
  await gateway.listen();
  process.send('runs');
  await new Promise((resolve) => process.once('message', resolve));
  await gateway.close();
  process.disconnect();
`;

/** So many, whose jobs run until they are stopped. Redis, the process `FREEZE`, is stopped at the moment of a connection. */
const openQueues = (queues: number): string => `
  import { setTimeout as wait } from 'node:timers/promises';
  import { pino } from 'pino';
  import { createLibraryClient } from './src/redis.ts';
  import { SharedQueue } from './src/jobs/shared-queue.ts';
  const jobId = '0'.repeat(32);
  const run = (_, { signal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  let isReady = false;
  const onReady = () => {
    if (!isReady && process.env.FREEZE !== '') process.kill(Number(process.env.FREEZE), 'SIGSTOP');
    isReady = true;
  };
  const connect = () => createLibraryClient(process.env.REDIS_URL).on('ready', onReady);
  const told = () => new Promise((resolve) => process.once('message', resolve));
  const queues = Array.from({ length: ${queues} }, (_, n) =>
    new SharedQueue({ volume: String(n), concurrency: 1, connect, logger: pino({ level: 'silent' }) }));
  for (const queue of queues) queue.start(run);
`;

/** They close one after the other, so that each is at another step when Redis goes. */
const CLOSING = `
  ${openQueues(40)}
  for (const queue of queues) await queue.add(jobId);
  while (queues.some(({ running }) => running === 0)) await wait(5);
  process.send('runs');
  await told();
  const closed = [];
  for (const queue of queues) {
    closed.push(queue.close());
    await wait(1);
  }
  await Promise.all(closed);
  process.disconnect();
`;

const STARTING = `
  ${openQueues(1)}
  const [queue] = queues;
  while (!isReady) await wait(5);
  process.send('runs');
  await told();
  while (queue.running === 0) await queue.add(jobId).catch(() => wait(50));
  await queue.close();
  process.disconnect();
`;

let redis: TestRedis;
let folder: string;
let node: ChildProcess | undefined;

beforeEach(async () => {
  redis = await startRedis();
  folder = await mkdtemp(join(tmpdir(), 'lost-redis-'));
});
afterEach(async () => {
  node?.kill('SIGKILL');
  redis.thaw();
  await redis.stop();
  await rm(folder, { recursive: true });
});

/** Resolves once the program has sent a message; it waits for one then. */
async function start(
  program: string,
  env: NodeJS.ProcessEnv = { FREEZE: '' },
): Promise<{ goOn: () => void; ended: Promise<unknown> }> {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      ...process.env,
      ...{ PORT: '0', UPLOAD_DIR: folder, REDIS_URL: redis.url },
      ...{ REALTIME_PROVIDER: 'compatible', REALTIME_URL: 'ws://127.0.0.1:9' },
      ...env,
    },
  });
  node = child;
  const ended = once(child, 'exit');
  await once(child, 'message');
  return { goOn: () => child.send('go on'), ended };
}

/** `[0, null]`: by itself. */
async function endOf(ended: Promise<unknown>): Promise<unknown> {
  return await Promise.race([ended, wait(15_000, 'still runs', { ref: false })]);
}

it('closes with its queue while Redis is gone, and keeps nothing open', async () => {
  const { goOn, ended } = await start(GATEWAY);
  await redis.kill();
  goOn();
  expect(await endOf(ended)).toEqual([0, null]);
}, 60_000);

it('closes with its queue while Redis does not answer, and keeps nothing open', async () => {
  const { goOn, ended } = await start(GATEWAY);
  redis.freeze();
  goOn();
  expect(await endOf(ended)).toEqual([0, null]);
}, 60_000);

it('closes at whatever step Redis goes, and keeps nothing open', async () => {
  const { goOn, ended } = await start(CLOSING);
  goOn();
  await wait(25);
  await redis.kill();
  expect(await endOf(ended)).toEqual([0, null]);
}, 60_000);

it('goes on when Redis goes as soon as the queue is connected, and comes back', async () => {
  const { goOn, ended } = await start(STARTING, { FREEZE: String(redis.pid) });
  await wait(100); // What is asked on a new connection is on its way.
  await redis.kill();
  await redis.restart();
  goOn();
  expect(await endOf(ended)).toEqual([0, null]);
}, 60_000);

/** A service that fails to start closes everything that it had opened. */
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { loadConfig, type Config } from '../../src/config/config.js';
import { createGateway } from '../../src/gateway.js';
import { Script } from '../support/fault-server/script.js';
import { silent } from '../support/pool.js';
import { eventually, pipelinesOf } from '../support/programs.js';
import { startRedis, type TestRedis } from '../support/redis.js';

let redis: TestRedis;
let folder: string;
let taken: Server;

beforeAll(async () => {
  redis = await startRedis();
  taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
});
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'uploads-'));
});
afterEach(() => rm(folder, { recursive: true }));
afterAll(async () => {
  taken.close();
  await redis.stop();
});

/** What keeps the process alive (servers, sockets of both sides, timers, child processes), by kind. */
function resources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** Rejects if something is left that was not there before. */
async function expectNothingLeft(before: Record<string, number>): Promise<void> {
  await eventually(
    () => Object.entries(resources()).filter(([kind, count]) => count > (before[kind] ?? 0)),
    (more) => more.length === 0,
  );
  expect(await pipelinesOf()).toEqual([]);
}

function configured(env: Record<string, string> = {}): Config {
  const provider = { REALTIME_PROVIDER: 'offline', REDIS_URL: redis.url, PORT: '0' };
  return loadConfig({ ...provider, UPLOAD_DIR: folder, ...env });
}

/** A folder in place of a file, which the sweep cannot delete. */
async function makeUnsweepable(): Promise<void> {
  const left = path.join(folder, `upload-00000000-1-a-${'0'.repeat(32)}`);
  await mkdir(left);
  const longAgo = new Date(Date.now() - 86_400_000);
  await utimes(left, longAgo, longAgo);
}

describe('a service that cannot start', () => {
  it.each<[string, () => Config | Promise<Config>, RegExp]>([
    [
      'UPLOAD_DIR cannot be swept',
      async () => {
        await makeUnsweepable();
        return configured();
      },
      /EISDIR|directory/,
    ],
    [
      'UPLOAD_DIR is a file',
      async () => {
        const file = path.join(folder, 'file');
        await writeFile(file, '');
        return configured({ UPLOAD_DIR: file });
      },
      /^UPLOAD_DIR .* cannot be used/,
    ],
    [
      'the address of Redis is none',
      () => ({ ...configured(), sessions: { ...configured().sessions, redisUrl: 'nonsense' } }),
      /URL/,
    ],
    [
      'the last of its parts cannot be made',
      () => ({ ...configured(), server: { ...configured().server, trustProxy: 'nonsense' } }),
      /nonsense/,
    ],
  ])('because %s leaves no server, socket, process or timer', async (_why, configure, message) => {
    const config = await configure();
    const before = resources();
    const started = createGateway(config, { logger: silent, responder: new Script() });
    await expect(started).rejects.toThrow(message);
    await expectNothingLeft(before);
  });

  it('because its offline engine fails leaves nothing, and does not close an engine that was passed in', async () => {
    const before = resources();
    let closes = 0;
    const responder = Object.assign(new Script(), {
      capabilities: () => Promise.reject(new Error('The engine is broken.')),
      close: () => Promise.resolve((closes += 1)).then(() => undefined),
    });
    const started = createGateway(configured(), { logger: silent, responder });
    await expect(started).rejects.toThrow('The engine is broken.');
    await expectNothingLeft(before);
    expect(closes).toBe(0);
  });

  it('because its port is in use leaves nothing, although it is never closed', async () => {
    const { port } = taken.address() as AddressInfo;
    const before = resources();
    const gateway = await createGateway(configured({ PORT: String(port) }), { logger: silent });
    await expect(gateway.listen()).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await expectNothingLeft(before);
    expect((await readdir(folder)).filter((name) => name.startsWith('upload-'))).toEqual([]);
    await gateway.close();
  });
});

it('a service that is stopped leaves nothing either', async () => {
  const before = resources();
  const gateway = await createGateway(configured(), { logger: silent });
  await gateway.listen();
  expect(resources().TCPServerWrap).toBeGreaterThan(before.TCPServerWrap ?? 0);
  await gateway.close();
  await expectNothingLeft(before);
});

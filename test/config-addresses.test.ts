/** URLs in the environment with a user name and a password: which are rejected, and that no part of a password leaks. */
import { createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { ConfigError, loadConfig } from '../src/config/config.js';
import { createLogger } from '../src/telemetry/logger.js';
import { post, startGateway } from './support/gateway.js';
import { eventually } from './support/pool.js';

function faultsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

const ADDRESSES = [
  ['REDIS_URL', 'redis'],
  ['REALTIME_URL', 'wss'],
  ['OPENAI_BASE_URL', 'https'],
  ['AZURE_OPENAI_ENDPOINT', 'https'],
] as const;

describe.each(ADDRESSES)('%s', (name, scheme) => {
  const expectRejected = (address: string): void => {
    const faults = faultsOf({ [name]: address });
    expect(faults).toEqual([expect.stringMatching(new RegExp(`^${name} must .*percent-encoded.*# as %23`))]);
    expect(faults.join()).not.toMatch(/hush|12/);
  };

  it.each(['%', '#', '?', '/', '%zz', '#@', '12#', '12?', '12/', '12%'])(
    'with a bare %s in its password is rejected with advice to percent-encode it',
    (bare) => {
      for (const secret of [`:hush${bare}hush`, `hush:${bare}hush`, `hush:hush${bare}`, `hush${bare}hush`])
        expectRejected(`${scheme}://${secret}@h.example:6379`);
    },
  );

  it.each(['#', '#hush', ':12#hush', '/#hush@there', '/3@hush', '?hush@there'])(
    'whose host may be part of a password is rejected: hush%s',
    (end) => {
      expectRejected(`${scheme}://hush${end}`);
    },
  );

  it.each([':a%23b%25c%2Fd%3Fe%40f', 'user:a%23', ':a@b', ':a:b:c', 'user', 'user:'])(
    'with %s before its host is accepted',
    (secret) => {
      for (const host of ['h.example:6379', '[::1]:6379', '10.0.0.1'])
        expect(faultsOf({ [name]: `${scheme}://${secret}@${host}` })).toEqual([]);
    },
  );
});

it('no part of a password is in the log or in a problem, and the password arrives decoded', async () => {
  const log: string[] = [];
  const received: string[] = [];
  const redis = createServer((socket) => {
    socket.on('data', (bytes) => received.push(bytes.toString('latin1')));
    socket.on('error', () => undefined);
  });
  const upstream = createServer((socket) => {
    socket.once('data', (bytes) => {
      received.push(bytes.toString('latin1'));
      socket.destroy();
    });
    socket.on('error', () => undefined);
  });
  const running = await startGateway(
    {
      REDIS_URL: `redis://user-canary:secret%23%25canary@${await listen(redis)}`,
      REALTIME_PROVIDER: 'compatible',
      REALTIME_URL: `ws://user-canary:secret%23%25canary@${await listen(upstream)}/`,
      CONNECT_TIMEOUT_MS: '500',
    },
    createLogger('debug', { write: (line) => void log.push(line) }),
  );
  const answer = await post(`${running.url}/api/realtime/translate`, { text: 'hi' });
  expect(answer.ok).toBe(false);
  const basic = Buffer.from('user-canary:secret#%canary').toString('base64');
  await eventually(() => received.some((bytes) => bytes.includes('secret#%canary')));
  await eventually(() => received.some((bytes) => bytes.includes(basic)));
  await running.close();
  redis.close();
  upstream.close();
  expect(log.length).toBeGreaterThan(2);
  expect(`${log.join('')}${await answer.text()}`).not.toMatch(/canary/);
}, 30_000);

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Which address counts: the connection's, or the one a trusted proxy sends, never one that a client writes. */
import { afterEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { network } from '../../src/http/address.js';
import { createLimiter } from '../../src/quota/limiter.js';
import { createLogger } from '../../src/telemetry/logger.js';
import { startBeforeScript } from '../support/gateway.js';
import { startHttp, type HttpFixture } from '../support/http.js';
import { refusal } from '../support/relay.js';

describe('an address', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.33', '64:ff9b:0:0::/64'],
    ['', ''],
  ])('%s counts as %s', (address, counted) => {
    expect(network(address)).toBe(counted);
  });
});

describe('a request', () => {
  let http: HttpFixture;
  afterEach(() => http.close());

  /** Which of these, sent one after the other, are let in where each address may ask once. */
  async function letIn(trustProxy: string, ...forwarded: string[]): Promise<boolean[]> {
    const limiter = createLimiter({ name: 'points', perMinute: 1, logger: createLogger('silent') });
    http = await startHttp({ env: { TRUST_PROXY: trustProxy }, deps: { limiter } });
    const statuses: number[] = [];
    for (const each of forwarded) {
      const answer = await request(http.url).get('/api/capabilities').set('X-Forwarded-For', each);
      statuses.push(answer.status);
    }
    expect(statuses.every((status) => status === 200 || status === 429)).toBe(true);
    return statuses.map((status) => status === 200);
  }

  it('counts for its connection where no proxy is trusted, whatever X-Forwarded-For is', async () => {
    expect(await letIn('false', '192.0.2.1', '192.0.2.2', '2001:db8::1')).toEqual([true, false, false]);
  });

  it('counts for what the last of N proxies saw: the client may have written what comes before it', async () => {
    expect(
      await letIn('2', '192.0.2.1, 10.0.0.1', '6.6.6.6, 192.0.2.1, 10.0.0.1', '192.0.2.2, 10.0.0.1'),
    ).toEqual([true, false, true]);
  });

  it('counts for the first address outside the trusted networks', async () => {
    expect(
      await letIn(
        'loopback, 10.0.0.0/8',
        '192.0.2.1, 10.1.2.3',
        '10.9.9.9, 192.0.2.1, 10.4.5.6',
        '192.0.2.1, 11.0.0.1',
        '192.0.2.2, 11.0.0.1',
      ),
    ).toEqual([true, false, true, false]);
  });

  it('counts for its connection where that is not a trusted proxy', async () => {
    expect(await letIn('10.0.0.0/8', '192.0.2.1', '192.0.2.2')).toEqual([true, false]);
  });

  it('counts for an address without the port that some proxies add, which is new each time', async () => {
    expect(
      await letIn('1', '192.0.2.1:5001', '192.0.2.1:5002', '[2001:db8::1]:1', '[2001:db8::2]:2'),
    ).toEqual([true, false, true, false]);
  });

  it('counts for its connection where the proxy sent something that is not an address', async () => {
    expect(await letIn('1', 'unknown', 'x'.repeat(2_000), '_hidden')).toEqual([true, false, false]);
  });
});

describe('an upgrade', () => {
  it.each([
    ['false', 429],
    ['1', 101],
    ['loopback', 101],
  ])('counts for the same address as any request: TRUST_PROXY=%s', async (trustProxy, status) => {
    const running = await startBeforeScript({ TRUST_PROXY: trustProxy, RATE_LIMIT_PER_MINUTE: '1' });
    const from = (address: string) => ({ 'X-Forwarded-For': `6.6.6.6, ${address}` });
    const first = await fetch(`${running.url}/api/capabilities`, { headers: from('192.0.2.1') });
    expect(first.status).toBe(200);
    expect((await refusal(running.url, '/text-chat', from('192.0.2.1'))).status).toBe(429);
    const other = await refusal(running.url, '/text-chat', from('192.0.2.2')).then(
      (told) => told.status,
      () => 101, // it was not refused
    );
    expect(other).toBe(status);
    await running.close();
  });
});

/** What a conversation costs, which key is charged, and how it ends when the points are spent. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { Meter } from '../../src/relay/meter.js';
import { startBeforeScript } from '../support/gateway.js';
import type { BareClient } from '../support/offline-client.js';
import { silence } from '../support/offline-audio.js';
import { message } from '../support/offline-spelling.js';
import { converse, refusal } from '../support/relay.js';

let running: Awaited<ReturnType<typeof startBeforeScript>>;

/** The points that a client has left, after the one that this request costs. */
async function left(headers: Record<string, string> = {}): Promise<number> {
  const answer = await fetch(`${running.url}/api/capabilities`, { headers });
  return Number(/r=(\d+)/.exec(answer.headers.get('ratelimit') ?? '')?.[1]);
}

const audio = (ms: number): object => ({
  type: 'input_audio_buffer.append',
  audio: silence(ms).toString('base64'),
});

const item = (text: string): object => ({ type: 'conversation.item.create', item: message(text) });

async function say(client: BareClient, ...events: object[]): Promise<void> {
  for (const event of events) client.send(event);
  await client.settled();
}

describe('a conversation', () => {
  afterEach(() => running.close());

  it('costs ten points to open, one each 1 000 characters and each response, of items and of instructions', async () => {
    running = await startBeforeScript({ RATE_LIMIT_PER_MINUTE: '100' });
    const client = await converse(running.url, '/text-chat');
    expect(await left()).toBe(89);
    await say(client, item('a'.repeat(900)));
    expect(await left()).toBe(88);
    await say(client, item('😀'.repeat(100)));
    expect(await left()).toBe(86);
    const instructions = 'a'.repeat(1_000);
    await say(client, { type: 'session.update', session: { type: 'realtime', instructions } });
    expect(await left()).toBe(84);
    await say(client, { type: 'response.create', response: { instructions } });
    expect(await left()).toBe(81);
    await client.close();
  });

  it('costs one point each 10 s of audio, in any number of pieces', async () => {
    running = await startBeforeScript({ RATE_LIMIT_PER_MINUTE: '100' });
    const client = await converse(running.url, '/realtime-voice');
    await say(client, ...Array<object>(99).fill(audio(100)));
    expect(await left()).toBe(89);
    await say(client, audio(100));
    expect(await left()).toBe(87);
    await client.close();
  });

  it('costs nothing for rejected events', async () => {
    running = await startBeforeScript({ RATE_LIMIT_PER_MINUTE: '100' });
    const client = await converse(running.url, '/text-chat');
    const instructions = 'a'.repeat(5_000);
    await say(client, {
      type: 'session.update',
      session: { type: 'realtime', instructions, model: 'gpt-9' },
    });
    expect(await left()).toBe(89);
    await client.close();
  });

  it('is charged to the key that its ticket came from', async () => {
    running = await startBeforeScript({ RATE_LIMIT_PER_MINUTE: '100', API_KEYS: 'one,two' });
    const answer = await fetch(`${running.url}/api/realtime/tickets`, {
      method: 'POST',
      headers: { 'X-API-Key': 'one' },
    });
    const { ticket } = (await answer.json()) as { ticket: string };
    const client = await converse(running.url, `/text-chat?ticket=${ticket}`);
    await say(client, item('a'.repeat(5_000)));
    expect(await left({ 'X-API-Key': 'one' })).toBe(83);
    expect(await left({ 'X-API-Key': 'two' })).toBe(99);
    await client.close();
  });

  it.each(['ga', 'preview'])(
    'gets an error and ends when the points are spent, and no other does: %s',
    async (dialect) => {
      running = await startBeforeScript({ RATE_LIMIT_PER_MINUTE: '20', API_KEYS: 'one,two', POOL_WARM: '0' });
      const [spender, other] = await Promise.all(
        ['one', 'two'].map((key) =>
          converse(running.url, `/text-chat?dialect=${dialect}`, { headers: { 'X-API-Key': key } }),
        ),
      );
      if (spender === undefined || other === undefined) throw new Error('no conversation');
      await say(spender, item('a'.repeat(9_000)));
      spender.send(item('a'.repeat(9_000)));
      expect(await spender.error()).toMatchObject({ type: 'invalid_request_error' });
      expect(await spender.error(2)).toMatchObject({
        type: 'rate_limit_error',
        code: 'rate-limited',
        message: expect.stringMatching(/^The 20 points of this minute are spent\. Come again in \d+ s\.$/),
      });
      expect(await spender.untilClosed()).toMatchObject({
        code: 1013,
        reason: expect.stringMatching(/Come again in \d+ s\.$/),
      });
      await running.script.until(() => running.script.open.length === 1);
      const again = await refusal(running.url, '/text-chat', { 'X-API-Key': 'one' });
      expect([again.status, again.body.code]).toEqual([429, 'rate-limited']);
      await other.settled();
      await other.close();
    },
  );

  it('costs nothing without a limit', async () => {
    running = await startBeforeScript({ RATE_LIMIT_PER_MINUTE: '0' });
    const client = await converse(running.url, '/text-chat');
    await say(client, ...Array<object>(20).fill(item('a'.repeat(100_000))));
    await client.close();
  });
});

describe('a meter', () => {
  it('has one charge pending at a time, and charges what is used meanwhile together', async () => {
    const charged: number[] = [];
    let paid: () => void = () => undefined;
    const charge = (points: number): Promise<void> => {
      charged.push(points);
      return new Promise((resolve) => (paid = resolve));
    };
    const meter = new Meter(charge, () => undefined);
    for (let n = 0; n < 4; n += 1) meter.add({ type: 'buffer.append', audio: silence(15_000) });
    expect(charged).toEqual([1]);
    paid();
    await new Promise(setImmediate);
    expect(charged).toEqual([1, 5]);
  });

  it('charges nothing after a rejection', async () => {
    const refusals: unknown[] = [];
    let asked = 0;
    const no = new Error('no');
    const meter = new Meter(
      () => {
        asked += 1;
        return Promise.reject(no);
      },
      (error) => refusals.push(error),
    );
    for (let n = 0; n < 3; n += 1) {
      meter.add({ type: 'response.create', response: {} });
      await new Promise(setImmediate);
    }
    expect([asked, refusals]).toEqual([1, [no]]);
  });
});

/** The script itself: its answers, its rules for who gets which fault, its record, and its speed under load. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FaultPlan } from '../support/fault-server/fault-plan.js';
import { BareClient, at } from '../support/offline-client.js';
import { connectionFault, requestFault, startScripted, type Scripted } from '../support/offline.js';
import { GA, outOfBand } from '../support/offline-spelling.js';

let scripted: Scripted;

beforeEach(async () => {
  scripted = await startScripted();
});

afterEach(() => scripted.close());

function ask(client: BareClient, text: string, metadata: Record<string, string> = {}): void {
  client.send({
    type: 'response.create',
    response: outOfBand(GA, text, { metadata }),
  });
}

describe('a plan of faults', () => {
  it('serves counted rules first, in their order, then lasting ones', () => {
    const plan = new FaultPlan<number, string>().every('always').next('once').next('twice', 2);
    expect([1, 2, 3, 4, 5].map((subject) => plan.take(subject))).toEqual([
      'once',
      'twice',
      'twice',
      'always',
      'always',
    ]);
  });

  it('serves only those that fit, and nobody once it is cleared', () => {
    const plan = new FaultPlan<number, string>().when((subject) => subject % 2 === 0, 'even', 2);
    expect([1, 2, 3, 4, 6].map((subject) => plan.take(subject))).toEqual([
      undefined,
      'even',
      undefined,
      'even',
      undefined,
    ]);
    plan.every('always');
    plan.clear();
    expect(plan.take(2)).toBeUndefined();
  });
});

describe('answers', () => {
  it('are the last text of the request, word by word, unless told otherwise', async () => {
    const client = await BareClient.open(scripted.url);
    ask(client, '  Good  morning,\nworld ');
    await client.next('response.done', 1);
    const deltas = client.frames.filter(({ type }) => type === GA.textDelta).map((frame) => frame.delta);
    expect(deltas).toEqual(['  Good', '  morning,', '\nworld ']);
    scripted.script.answer = ({ metadata, instructions }) => `${String(metadata.to)}: ${instructions}`;
    ask(client, 'x', { to: 'es' });
    expect(at(await client.next('response.done', 2), 'response.output.0.content.0.text')).toBe('es: ');
  });
});

describe('rules at run time', () => {
  it('pick a connection by its number and a request by what it says', async () => {
    scripted.script.connections.when(({ number }) => number === 2, connectionFault.invalidApiKey());
    scripted.script.requests.when(
      ({ text, connection }) => text.includes('bad') && connection === 1,
      requestFault.fail(),
    );
    const client = await BareClient.open(scripted.url);
    expect((await new BareClient(scripted.url).untilClosed()).code).toBe(3000);
    ask(client, 'bad luck');
    ask(client, 'good luck');
    const statuses = [await client.next('response.done', 1), await client.next('response.done', 2)];
    expect(statuses.map((frame) => at(frame, 'response.status')).sort()).toEqual(['completed', 'failed']);
  });

  it('drop open sockets from outside', async () => {
    const [one, two] = [await BareClient.open(scripted.url), await BareClient.open(scripted.url)];
    scripted.script.sockets[0]?.drop();
    scripted.script.sockets[1]?.drop({ code: 4999, reason: 'bye' });
    expect((await one.untilClosed()).code).toBe(1006);
    expect(await two.untilClosed()).toEqual({ code: 4999, reason: 'bye' });
    await scripted.script.until(() => scripted.script.open.length === 0);
  });
});

describe('the record', () => {
  it('has the upgrades with their headers, the frames as they came, and who was in flight', async () => {
    const client = await BareClient.open(`${scripted.url}?model=m`, {
      headers: { authorization: 'Bearer secret' },
    });
    scripted.script.requests.every(requestFault.hang());
    for (const text of ['a', 'b', 'c']) ask(client, text);
    await scripted.script.until(() => scripted.script.answering === 3);
    const [socket] = scripted.script.sockets;
    expect(socket?.handshake.url).toBe('/v1/realtime?model=m');
    expect(socket?.handshake.headers.authorization).toBe('Bearer secret');
    expect(socket?.json().map((frame) => at(frame, 'type'))).toEqual([
      'response.create',
      'response.create',
      'response.create',
    ]);
    expect(socket?.events.map(({ type }) => type)).toEqual([
      'response.create',
      'response.create',
      'response.create',
    ]);
    expect([socket?.inFlight, socket?.maxInFlight, scripted.script.requestCount]).toEqual([3, 3, 3]);
    await client.close();
    await scripted.script.until(() => scripted.script.answering === 0 && scripted.script.open.length === 0);
    expect([socket?.inFlight, socket?.maxInFlight, socket?.open]).toEqual([0, 3, false]);
  });

  it('tells which condition never held', async () => {
    await expect(scripted.script.until(() => scripted.script.open.length === 7, 30)).rejects.toThrow(
      'open.length === 7',
    );
  });
});

describe('under load', () => {
  it('answers 2 000 interleaved requests over 4 sockets, each with its own words', async () => {
    const clients = await Promise.all([1, 2, 3, 4].map(() => BareClient.open(scripted.url)));
    for (let number = 0; number < 2_000; number += 1) {
      const client = clients[number % 4];
      if (client) ask(client, `this is request ${number}`, { number: String(number) });
    }
    await Promise.all(
      clients.map((client) => client.until(() => ends(client).length === 500, '500 ends', 20_000)),
    );
    for (const [at4, client] of clients.entries()) {
      for (const { response } of ends(client)) {
        const number = Number(at(response, 'metadata.number'));
        expect(number % 4).toBe(at4);
        expect(at(response, 'output.0.content.0.text')).toBe(`this is request ${number}`);
      }
    }
  });
});

function ends(client: BareClient): { response: unknown }[] {
  return client.frames
    .filter(({ type }) => type === 'response.done')
    .map((frame) => ({ response: frame.response }));
}

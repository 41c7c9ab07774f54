/** The queue of turns by itself, before upstreams that do what the offline server never does. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { TurnQueue, type TurnQueueOptions } from '../../src/relay/turn-queue.js';
import type { ClientEvent, Fault, ServerEvent } from '../../src/wire/index.js';
import { eventually } from '../support/pool.js';

const open: TurnQueue[] = [];
afterEach(() => {
  for (const queue of open.splice(0)) queue.close();
});

function start(options: Partial<TurnQueueOptions> = {}) {
  const sent: ClientEvent[] = [];
  const reported: Fault[] = [];
  const queue = new TurnQueue({
    interrupts: false,
    send: (event) => sent.push(event),
    report: (fault) => reported.push(fault),
    isUpstreamPaused: () => false,
    ...options,
  });
  open.push(queue);
  const said = (itemId: string): void => {
    queue.onServerEvent({ type: 'speech.stopped', itemId, audioEndMs: 0 });
    queue.onServerEvent({ type: 'buffer.committed', itemId, previousItemId: null });
  };
  const response = (type: 'response.started' | 'response.finished', id: string): void => {
    const status = type === 'response.started' ? 'in_progress' : 'completed';
    queue.onServerEvent({ type, response: { id, status, output: [] } });
  };
  const inputs = () =>
    sent.map((event) => (event.type === 'response.create' ? event.response.input : undefined));
  return { queue, sent, reported, said, response, inputs };
}

function fault(code: string, causedBy: string | undefined): ServerEvent {
  const kind = 'invalid_request_error';
  return { type: 'fault', kind, code, message: code, ...(causedBy !== undefined && { causedBy }) };
}

describe('an upstream', () => {
  it('that takes no input is asked again without, and from then on at once', () => {
    const { queue, sent, said, response, inputs } = start();
    said('one');
    expect(queue.onServerEvent(fault('unknown_parameter', sent[0]?.eventId))).toBe('hidden');
    expect(inputs()).toEqual([[{ reference: 'one' }], undefined]);
    response('response.started', 'r1');
    said('two');
    expect(sent).toHaveLength(2);
    response('response.finished', 'r1');
    expect(inputs().at(-1)).toBeUndefined();
    expect(sent).toHaveLength(3);
  });

  it('that refuses for another reason is asked once more, then the client is told and the next is asked for', () => {
    const { queue, sent, said } = start();
    said('one');
    said('two');
    expect(queue.onServerEvent(fault('server_busy', sent[0]?.eventId))).toBe('hidden');
    expect(queue.onServerEvent(fault('server_busy', sent[1]?.eventId))).toBe('pass');
    expect(sent).toHaveLength(3);
    expect(sent[2]).toMatchObject({ response: { input: [{ reference: 'one' }, { reference: 'two' }] } });
  });

  it('that runs a response of its own is asked again when it has ended', () => {
    const { queue, sent, said, response } = start();
    response('response.started', 'foreign');
    said('one');
    expect(sent).toEqual([]);
    response('response.finished', 'foreign');
    expect(sent).toHaveLength(1);
    // It began before the request came, and is heard of behind it.
    response('response.started', 'r1');
    expect(queue.onServerEvent(fault('conversation_already_has_active_response', sent[0]?.eventId))).toBe(
      'hidden',
    );
    response('response.finished', 'r1');
    expect(queue.isBusy).toBe(false);
  });

  it('that never begins costs one turn, of which the client is told', async () => {
    const { queue, sent, reported, said } = start({ startTimeoutMs: 20 });
    said('one');
    said('two');
    await eventually(() => reported.length === 2);
    expect(reported.map(({ code }) => code)).toEqual(['response_not_started', 'response_not_started']);
    expect(sent).toHaveLength(2);
    expect(queue.isBusy).toBe(false);
  });

  it('that is not being read, because the client is slow, is waited for', async () => {
    let looks = 0;
    const { reported, said } = start({ startTimeoutMs: 5, isUpstreamPaused: () => (looks += 1) < 4 });
    said('one');
    await eventually(() => reported.length === 1);
    expect(looks).toBe(4);
  });

  it('that marks responses outside the conversation is not mistaken for one that answers a turn', () => {
    const { queue, sent, said } = start();
    queue.onClientEvent({ type: 'response.create', response: { conversation: 'none' } }, 10);
    const beside = { id: 'beside', status: 'in_progress', output: [], conversationId: null } as const;
    queue.onServerEvent({ type: 'response.started', response: beside });
    said('one');
    expect(sent).toHaveLength(1);
    queue.onServerEvent({ type: 'response.finished', response: { ...beside, status: 'completed' } });
    expect(queue.isBusy).toBe(true);
  });
});

describe('what waits', () => {
  it('is bounded: one more is refused by name', () => {
    const { queue, reported, said, response } = start();
    said('one');
    response('response.started', 'r1');
    for (let nth = 0; nth < 100; nth += 1) said(`more ${nth}`);
    expect(reported).toEqual([]);
    queue.onClientEvent({ type: 'response.create', eventId: 'mine', response: {} }, 10);
    said('too much');
    expect(reported.map(({ code, causedBy }) => [code, causedBy])).toEqual([
      ['too_many_waiting_responses', 'mine'],
      ['too_many_waiting_responses', undefined],
    ]);
  });

  it('is bounded in bytes too, which are free again once it was asked for', () => {
    const { queue, reported, response } = start();
    const create = { type: 'response.create', eventId: 'mine', response: {} } as const;
    const large = 700_000;
    expect(queue.onClientEvent(create, large)).toBe('pass');
    response('response.started', 'r1');
    expect(queue.onClientEvent(create, large)).toBe('held');
    queue.onClientEvent(create, large);
    expect(reported).toHaveLength(1);
    response('response.finished', 'r1');
    response('response.started', 'r2');
    queue.onClientEvent(create, large);
    expect(reported).toHaveLength(1);
  });

  it('is not asked for once the conversation has ended', () => {
    const { queue, sent, said, response } = start();
    said('one');
    response('response.started', 'r1');
    said('two');
    queue.close();
    response('response.finished', 'r1');
    expect(sent).toHaveLength(1);
  });
});

/** The script's faults of single responses: each does on the wire what it says, and leaves the neighbours alone. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BareClient, at, type Frame } from '../support/offline-client.js';
import { requestFault, startScripted, type Scripted } from '../support/offline.js';
import { outOfBand, SPELLINGS } from '../support/offline-spelling.js';

describe.each(SPELLINGS)('request faults in $name', (spelling) => {
  let scripted: Scripted;
  let client: BareClient;

  beforeEach(async () => {
    scripted = await startScripted({ dialect: spelling.name });
    client = await BareClient.open(scripted.url);
    client.frames.length = 0;
  });

  afterEach(() => scripted.close());

  function ask(id: string, text = 'one two three'): void {
    client.send({
      type: 'response.create',
      event_id: id,
      response: outOfBand(spelling, text, { metadata: { id } }),
    });
  }

  /** The neighbour on the same socket is served whole. */
  async function neighbour(): Promise<void> {
    ask('neighbour');
    await client.until(() => client.frames.some((frame) => isEnd(frame, 'neighbour')), 'the neighbour');
    expect(
      at(
        client.frames.find((frame) => isEnd(frame, 'neighbour')),
        'response.status',
      ),
    ).toBe('completed');
  }

  async function ended(id: string): Promise<Record<string, unknown>> {
    await client.until(() => client.frames.some((frame) => isEnd(frame, id)), `the end of ${id}`);
    return at(
      client.frames.find((frame) => isEnd(frame, id)),
      'response',
    ) as Record<string, unknown>;
  }

  it('is slow before the start, before the first delta and between deltas', async () => {
    // From the request on: what is read late on a busy machine may be late, but never too early.
    for (const [delays, type] of [
      [{ createdMs: 60 }, 'response.created'],
      [{ firstMs: 60 }, spelling.textDelta],
      [{ betweenMs: 30 }, 'response.done'],
    ] as const) {
      scripted.script.requests.next(requestFault.slow(delays));
      let arrivedAt = 0;
      const onMessage = (data: Buffer): void => {
        if ((JSON.parse(data.toString()) as Frame).type === type) arrivedAt ||= performance.now();
      };
      client.socket.on('message', onMessage);
      const startedAt = performance.now();
      ask(type);
      await ended(type);
      client.socket.off('message', onMessage);
      expect(arrivedAt - startedAt).toBeGreaterThanOrEqual(58);
    }
  });

  it('never answers a request', async () => {
    scripted.script.requests.next(requestFault.ignore());
    ask('a');
    await neighbour();
    expect(client.types().filter((type) => type === 'response.created')).toHaveLength(1);
    expect(scripted.script.sockets[0]?.inFlight).toBe(1);
  });

  it('hangs after response.created, and after some deltas', async () => {
    scripted.script.requests.next(requestFault.hang()).next(requestFault.hang({ after: 2 }));
    ask('a');
    ask('b');
    await neighbour();
    const words = ['a', 'b', 'neighbour'].map((id) => {
      const created = client.frames.find((frame) => at(frame, 'response.metadata.id') === id);
      const responseId = at(created, 'response.id');
      const deltas = client.frames.filter(
        (frame) => frame.type === spelling.textDelta && frame.response_id === responseId,
      );
      return deltas.map((frame) => frame.delta).join('');
    });
    expect(words).toEqual(['', 'one two', 'one two three']);
    expect(client.types().filter((type) => type === 'response.done')).toHaveLength(1);
    expect(scripted.script.answering).toBe(2);
  });

  it('ends a hanging response when it is cancelled, unless it ignores that', async () => {
    scripted.script.requests.next(requestFault.hang()).next(requestFault.hang({ ignoresCancel: true }));
    ask('willing');
    ask('stubborn');
    const ids = [await client.next('response.created', 1), await client.next('response.created', 2)];
    for (const frame of ids) client.send({ type: 'response.cancel', response_id: at(frame, 'response.id') });
    expect((await ended('willing')).status).toBe('cancelled');
    await neighbour();
    expect(client.frames.some((frame) => isEnd(frame, 'stubborn'))).toBe(false);
    expect(scripted.script.answering).toBe(1);
  });

  it.each<['request' | 'created' | number, number, number]>([
    ['request', 0, 0],
    ['created', 1, 0],
    [2, 1, 2],
  ])('drops the socket at %s', async (when, created, deltas) => {
    scripted.script.requests.next(requestFault.drop(when));
    ask('a');
    expect((await client.untilClosed()).code).toBe(1006);
    expect(client.types().filter((type) => type === 'response.created')).toHaveLength(created);
    expect(client.types().filter((type) => type === spelling.textDelta)).toHaveLength(deltas);
    await scripted.script.until(() => scripted.script.answering === 0);
  });

  it('closes the socket mid-answer with a code and a reason', async () => {
    scripted.script.requests.next(requestFault.drop(1, { code: 1011, reason: 'überlastet' }));
    ask('a');
    expect(await client.untilClosed()).toEqual({ code: 1011, reason: 'überlastet' });
    expect(client.types()).toContain(spelling.textDelta);
  });

  it.each(['server_error', 'rate_limit_exceeded', 'insufficient_quota', 'unsupported_language'])(
    'fails a response with %s',
    async (code) => {
      scripted.script.requests.next(requestFault.fail(code));
      ask('a');
      expect(await ended('a')).toMatchObject({
        status: 'failed',
        status_details: { type: 'failed', error: { code } },
        output: [],
      });
      await neighbour();
    },
  );

  it('fails after deltas', async () => {
    scripted.script.requests.next(requestFault.fail('server_error', { after: 2 }));
    ask('a');
    expect(at(await ended('a'), 'output.0.content.0.text')).toBe('one two');
  });

  it.each(['max_output_tokens', 'content_filter'] as const)(
    'leaves a response incomplete: %s',
    async (reason) => {
      scripted.script.requests.next(requestFault.incomplete(reason));
      ask('a');
      expect(await ended('a')).toMatchObject({
        status: 'incomplete',
        status_details: { type: 'incomplete', reason },
      });
    },
  );

  it('cancels a response although nobody asked', async () => {
    scripted.script.requests.next(requestFault.cancelUnasked());
    ask('a');
    expect(await ended('a')).toMatchObject({
      status: 'cancelled',
      status_details: { reason: 'turn_detected' },
    });
  });

  it('answers with an error that names the event, or nobody', async () => {
    scripted.script.requests
      .next(requestFault.requestError('rate_limit_exceeded'))
      .next(requestFault.requestError('server_error', { named: false }));
    ask('a');
    expect(await client.error(1)).toMatchObject({ code: 'rate_limit_exceeded', event_id: 'a' });
    ask('b');
    expect((await client.error(2)).event_id ?? null).toBeNull();
    await neighbour();
    expect(client.types().filter((type) => type === 'response.created')).toHaveLength(1);
    expect(scripted.script.sockets[0]?.inFlight).toBe(1);
  });

  it('mixes in frames that are broken, unknown or of a foreign response, and completes all the same', async () => {
    const raw: string[] = [];
    client.socket.removeAllListeners('message');
    client.socket.on('message', (data: Buffer) => raw.push(data.toString()));
    scripted.script.requests
      .next(requestFault.malformedFrames())
      .next(requestFault.unknownEvent())
      .next(requestFault.foreignResponse());
    ask('a');
    ask('b');
    ask('c');
    await scripted.script.until(
      () => scripted.script.requestCount === 3 && scripted.script.sockets[0]?.inFlight === 0,
    );
    client.socket.ping();
    await new Promise((resolve) => client.socket.once('pong', resolve));
    expect(raw.filter((frame) => frame === '{"type":"response.' || frame === '[]')).toHaveLength(2);
    expect(raw.filter((frame) => frame.includes('"response.dreamt"'))).toHaveLength(1);
    expect(raw.filter((frame) => frame.includes('resp_foreign'))).toHaveLength(2);
    expect(
      raw.filter(
        (frame) => frame.includes('"status":"completed"') && frame.includes('"type":"response.done"'),
      ),
    ).toHaveLength(4);
  });

  it('says response.created twice', async () => {
    scripted.script.requests.next(requestFault.createdTwice());
    ask('a');
    await ended('a');
    const created = client.frames
      .filter(({ type }) => type === 'response.created')
      .map((frame) => at(frame, 'response.id'));
    expect(created).toHaveLength(2);
    expect(new Set(created).size).toBe(1);
  });

  it('keeps the metadata to itself', async () => {
    scripted.script.requests.next(requestFault.withoutMetadata());
    ask('a');
    const done = await client.next('response.done');
    expect(at(done, 'response.metadata') ?? null).toBeNull();
    expect(at(await client.next('response.created'), 'response.metadata') ?? null).toBeNull();
  });
});

function isEnd(frame: Frame, id: string): boolean {
  return frame.type === 'response.done' && at(frame, 'response.metadata.id') === id;
}

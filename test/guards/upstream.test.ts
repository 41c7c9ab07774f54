/** What must not grow unnoticed, counted and not timed: frames of a request, sockets of sessions, parses of a frame. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { dialects } from '../../src/wire/index.js';
import { post, startBeforeScript } from '../support/gateway.js';
import { answerOf, asking, startPooled, type Pooled } from '../support/pool.js';

/** What is sent when a socket opens, before any request. */
const OPENING = ['session.update'];

describe('frames to upstream', () => {
  let pooled: Pooled;

  beforeEach(async () => {
    pooled = await startPooled();
  });

  afterEach(() => pooled.close());

  function typesSent(): string[] {
    return pooled.script.sockets.flatMap((socket) =>
      socket.json().map((frame) => (frame as { type: string }).type),
    );
  }

  it('a request is one frame, and one more where its prompt is new to the socket', async () => {
    const { pool } = pooled;
    await answerOf(pool.request(asking('one', { prompt: 'first' })));
    expect(typesSent()).toEqual([...OPENING, 'conversation.item.create', 'response.create']);
    await answerOf(pool.request(asking('two', { prompt: 'first' })));
    expect(typesSent().slice(3)).toEqual(['response.create']);
    await answerOf(pool.request(asking('three', { prompt: 'second', context: 'A letter.' })));
    expect(typesSent().slice(4)).toEqual(['conversation.item.create', 'response.create']);
  });

  it('a recording is one frame too, however long it is', async () => {
    const { pool } = pooled;
    await answerOf(pool.request(asking('', { question: { pcm: Buffer.alloc(48_000 * 60) } })));
    await answerOf(pool.request(asking('', { question: { pcm: Buffer.alloc(48_000 * 60) } })));
    expect(typesSent()).toEqual([
      ...OPENING,
      'conversation.item.create',
      'response.create',
      'response.create',
    ]);
  });

  it('a prompt that evicts another is three, and never more', async () => {
    await pooled.close();
    pooled = await startPooled({ connection: { maxPromptItems: 1 } });
    const { pool } = pooled;
    for (const prompt of ['a', 'b', 'c']) await answerOf(pool.request(asking('hello', { prompt })));
    expect(typesSent().slice(3)).toEqual([
      ...['conversation.item.delete', 'conversation.item.create', 'response.create'],
      ...['conversation.item.delete', 'conversation.item.create', 'response.create'],
    ]);
  });

  it('each frame of upstream is parsed once', async () => {
    const { pool, script, ready } = pooled;
    await ready();
    script.answer = () => 'Buenos días, mi amigo.';
    const parse = jest.spyOn(JSON, 'parse');
    try {
      const pending = pool.request(asking('Good morning, my friend.'));
      expect(await answerOf(pending)).toBe('Buenos días, mi amigo.');
      const frames = parse.mock.calls.map(([text]) => text);
      // The scripted server lives in this process, so its parses are counted too: of what it was sent.
      const received = new Set(script.sockets.flatMap((socket) => socket.frames));
      const parsed = frames.filter((frame) => !received.has(frame));
      expect(new Set(parsed).size).toBe(parsed.length);
      const types = parsed.map((frame) => (/"type":"([^"]+)"/.exec(frame) ?? [])[1]);
      expect(types.filter((type) => type === 'response.output_text.delta')).toHaveLength(4);
      expect(types.filter((type) => type === 'response.done')).toHaveLength(1);
    } finally {
      parse.mockRestore();
    }
  });
});

describe.each(Object.values(dialects))('a plain frame of $name', (dialect) => {
  // The dialects share the schema.
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('is read without the schema of its type', () => {
    const type = dialect.name === 'ga' ? 'response.output_text.delta' : 'response.text.delta';
    const schema = dialect.vocabulary.server.get(type);
    if (schema === undefined) throw new Error(`There is no schema of ${type}.`);
    const check = jest.spyOn(schema, 'safeParse');
    const delta = {
      response_id: 'resp_1',
      item_id: 'item_1',
      output_index: 0,
      content_index: 0,
      delta: 'hi',
    };
    expect(dialect.decodeAnswer(JSON.stringify({ type, ...delta })).kind).toBe('event');
    expect(check).not.toHaveBeenCalled();
    // A frame without one of its fields is validated by the schema.
    expect(dialect.decodeAnswer(JSON.stringify({ type, ...delta, item_id: null })).kind).toBe('event');
    expect(check).toHaveBeenCalledTimes(1);
  });
});

describe('the pipeline', () => {
  it('is called by the server without the router of Express, on every route', async () => {
    const service = await startBeforeScript();
    try {
      const app = service.gateway.app as unknown as { handle: () => void };
      const routed = jest.spyOn(app, 'handle');
      expect((await post(`${service.url}/api/realtime/translate`, { text: 'hello' })).status).toBe(200);
      expect((await fetch(`${service.url}/health`)).status).toBe(200);
      expect(routed).not.toHaveBeenCalled();
    } finally {
      await service.close();
    }
  });
});

describe('sockets to upstream', () => {
  it('200 sessions with prompts of their own, all at once, share four', async () => {
    const service = await startBeforeScript();
    try {
      const answers = await Promise.all(
        Array.from({ length: 200 }, async (_, number) => {
          const body = { text: `sentence ${number}`, prompt: `Translate as number ${number} would.` };
          const response = await post(`${service.url}/api/realtime/translate`, body);
          return (await response.json()) as { connectId: string; text: string };
        }),
      );
      expect(answers.map(({ text }) => text)).toEqual(answers.map((_, number) => `sentence ${number}`));
      expect(new Set(answers.map(({ connectId }) => connectId)).size).toBe(200);
      expect(service.script.handshakes.length).toBeLessThanOrEqual(4);
    } finally {
      await service.close();
    }
  });

  it('1 000 sessions that ask nothing open none beyond the warm one', async () => {
    const service = await startBeforeScript();
    try {
      for (let made = 0; made < 1_000; made += 100)
        await Promise.all(
          Array.from({ length: 100 }, (_, number) =>
            post(`${service.url}/api/realtime/sessions`, { prompt: `Translate as ${made + number} would.` }),
          ),
        );
      const { sessions, pool } = service.gateway.stats();
      expect(sessions).toBe(1_000);
      expect(pool.sockets).toBe(1);
      expect(service.script.handshakes).toHaveLength(1);
    } finally {
      await service.close();
    }
  });
});

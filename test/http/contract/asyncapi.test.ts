/** What machines read of the WebSockets: well-formed, and true of what is said on them. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { Parser } from '@asyncapi/parser';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { post, startBeforeScript } from '../../support/gateway.js';
import { BareClient } from '../../support/offline-client.js';
import { converse, wsUrl } from '../../support/relay.js';

type Running = Awaited<ReturnType<typeof startBeforeScript>>;

interface AsyncApi {
  readonly components: { readonly messages: Record<string, { name: string; payload: object }> };
  readonly channels: Record<string, { bindings: { ws: { query: { properties: object } } } }>;
}

let running: Running;

afterEach(() => running.close());

const read = async (): Promise<AsyncApi> =>
  (await (await fetch(`${running.url}/asyncapi.json`)).json()) as AsyncApi;

const DIALECTS = ['ga', 'preview'] as const;
const SOUND = Buffer.alloc(4_800).toString('base64');

it('has nothing to object to', async () => {
  running = await startBeforeScript();
  const found = await new Parser().validate(await (await fetch(`${running.url}/asyncapi.json`)).text());
  // Which version of the specification is the newest is no fault of the document.
  const told = found.filter(({ code }) => code !== 'asyncapi-latest-version');
  expect(told.map(({ code, path, message }) => `${String(code)} ${path.join('.')} ${message}`)).toEqual([]);
});

it('names the parameters that the query may have', async () => {
  running = await startBeforeScript();
  const { channels } = await read();
  const namesOf = (channel: string): string[] =>
    Object.keys(channels[channel]?.bindings.ws.query.properties ?? {});
  const names = ['prompt', 'source', 'target', 'voice', 'dialect', 'ticket'];
  expect([namesOf('text'), namesOf('voice')]).toEqual([names, [...names, 'interrupt']]);
});

describe.each(DIALECTS)('a client that speaks %s', (dialect) => {
  it.each(DIALECTS)(
    'is told nothing but what is described, before an upstream that speaks %s',
    async (upstream) => {
      running = await startBeforeScript({}, { dialect: upstream });
      const { messages } = (await read()).components;
      for (const path of ['/realtime-voice', '/text-chat']) {
        const client = await converse(running.url, `${path}?dialect=${dialect}`);
        const item = {
          type: 'message',
          role: 'user',
          content: [{ type: 'input_text', text: 'Good morning' }],
        };
        client.send({ type: 'conversation.item.create', item });
        client.send({ type: 'response.create' });
        await client.next('response.done');
        client.send({ type: 'input_audio_buffer.append', audio: SOUND });
        client.send({ type: 'input_audio_buffer.clear' });
        client.send({ type: 'no.such.event', event_id: 'e1' });
        await client.error();
        const ajv = new Ajv2020({ strict: false });
        const wrong = client.frames.flatMap((frame) => {
          const message = messages[`${dialect}.server.${frame.type}`];
          if (message === undefined) return [`${frame.type} is not described`];
          const holds: boolean = ajv.validate(message.payload, frame);
          return holds ? [] : [`${frame.type}: ${ajv.errorsText()}`];
        });
        expect(wrong).toEqual([]);
        expect(client.frames.length).toBeGreaterThan(8);
        await client.close();
      }
    },
  );

  it('may say what is described, and nothing else', async () => {
    running = await startBeforeScript({}, { dialect });
    const { messages } = (await read()).components;
    const ajv = new Ajv2020({ strict: false });
    const isDescribed = (event: { type: string }): boolean => {
      const message = messages[`${dialect}.client.${event.type}`];
      return message !== undefined && ajv.validate(message.payload, event);
    };
    const client = await converse(running.url, `/realtime-voice?dialect=${dialect}`);
    const said = EVENTS[dialect];
    for (const [at, event] of said.entries()) {
      client.send({ ...event, event_id: `e${at}` });
      await client.settled();
      const forbidden = client.frames.some(
        ({ type, error }) =>
          type === 'error' &&
          (error as { event_id?: string; code: string }).event_id === `e${at}` &&
          REFUSED.has((error as { code: string }).code),
      );
      expect([event.type, forbidden]).toEqual([event.type, !isDescribed(event)]);
    }
    const described = Object.keys(messages).filter((key) => key.startsWith(`${dialect}.client.`));
    expect(described.filter((key) => !said.some(({ type }) => key.endsWith(`.client.${type}`)))).toEqual([]);
    await client.close();
  });
});

const REFUSED = new Set([
  'forbidden_event',
  'forbidden_parameter',
  'unknown_parameter',
  'invalid_value',
  'invalid_type',
  'missing_required_parameter',
]);

const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] };

/** Every event that a client may say, some that it may not, and fields of each kind. */
const COMMON: readonly { type: string }[] = [
  { type: 'conversation.item.create', ...{ item } },
  { type: 'conversation.item.retrieve', ...{ item_id: 'none' } },
  { type: 'conversation.item.delete', ...{ item_id: 'none' } },
  { type: 'conversation.item.truncate', ...{ item_id: 'none', content_index: 0, audio_end_ms: 0 } },
  { type: 'input_audio_buffer.append', ...{ audio: SOUND } },
  { type: 'input_audio_buffer.append', ...{ audio: SOUND, more: 1 } },
  { type: 'input_audio_buffer.commit' },
  { type: 'input_audio_buffer.clear' },
  { type: 'response.create' },
  { type: 'response.cancel' },
];

const update = (session: object): { type: string } => ({ type: 'session.update', ...{ session } });

const EVENTS: Record<(typeof DIALECTS)[number], readonly { type: string }[]> = {
  ga: [
    update({ type: 'realtime', instructions: 'Be brief.' }),
    update({ type: 'realtime', model: 'another' }),
    update({ type: 'realtime', tools: [] }),
    update({ type: 'realtime', audio: { input: { turn_detection: null } } }),
    update({ type: 'realtime', audio: { input: { format: { type: 'audio/pcmu' } } } }),
    ...COMMON,
  ],
  preview: [
    update({ instructions: 'Be brief.' }),
    update({ model: 'another' }),
    update({ temperature: 0.8 }),
    update({ turn_detection: null }),
    update({ input_audio_format: 'g711_ulaw' }),
    ...COMMON,
  ],
};

describe('a conversation ends', () => {
  const described = async (code: number): Promise<boolean> =>
    (
      (await (await fetch(`${running.url}/asyncapi.json`)).json()) as { info: { description: string } }
    ).info.description.includes(`- ${code}: `);

  it('with codes that are described: of a lost upstream, of a huge frame', async () => {
    running = await startBeforeScript({ POOL_WARM: '0' });
    const lost = await converse(running.url, '/text-chat');
    running.script.open.at(-1)?.drop();
    const { code } = await lost.untilClosed();
    const talker = new BareClient(wsUrl(running.url, '/text-chat'));
    await talker.next('session.created');
    talker.socket.send('x'.repeat(5 * 1024 * 1024));
    const tooLarge = await talker.untilClosed();
    expect([code, tooLarge.code]).toEqual([1011, 1009]);
    for (const each of [code, tooLarge.code]) expect(await described(each)).toBe(true);
    expect((await post(`${running.url}/api/realtime/translate`, { text: 'still here' })).status).toBe(200);
  });

  it('with a code that is described: of the service', async () => {
    running = await startBeforeScript();
    const isDescribed = await described(1001);
    const client = await converse(running.url, '/text-chat');
    const closed = running.gateway.close();
    expect([(await client.untilClosed()).code, isDescribed]).toEqual([1001, true]);
    await closed;
  });
});

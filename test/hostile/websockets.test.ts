/** WebSockets by hand: frames that the protocol forbids, frames without end, and events that are none. */
import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { BareClient } from '../support/offline-client.js';
import { eventually } from '../support/pool.js';
import { converse, RawUpgrade, wsUrl } from '../support/relay.js';
import { DEADLINE_MS, exchange, outcomes } from '../support/hostile/answers.js';
import { startTarget, type Target } from '../support/hostile/target.js';

let target: Target;
beforeAll(async () => {
  target = await startTarget({ RELAY_MAX_PER_CLIENT: '50' });
});
afterAll(() => target.close());
afterEach(() => target.settle());

const MB = 1_048_576;
const TEXT = 1;
const CONTINUATION = 0;
const PING = 9;

interface FrameShape {
  readonly opcode?: number;
  readonly fin?: boolean;
  readonly reserved?: number;
  readonly masked?: boolean;
  /** Claimed, if not the truth. */
  readonly length?: bigint;
}

/** A frame of RFC 6455, 5.2, its lies included. */
function frame(body: string | Buffer, shape: FrameShape = {}): Buffer {
  const { opcode = TEXT, fin = true, reserved = 0, masked = true } = shape;
  const payload = Buffer.from(body);
  const length = shape.length ?? BigInt(payload.length);
  const mask = masked ? 0x80 : 0;
  const first = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  const head = Buffer.alloc(length < 126n ? 2 : length < 65_536n ? 4 : 10);
  head.writeUInt8(first, 0);
  if (head.length === 2) head.writeUInt8(mask | Number(length), 1);
  else if (head.length === 4) {
    head.writeUInt8(mask | 126, 1);
    head.writeUInt16BE(Number(length), 2);
  } else {
    head.writeUInt8(mask | 127, 1);
    head.writeBigUInt64BE(length, 2);
  }
  // A mask of zeros leaves the payload as it is.
  return Buffer.concat([head, masked ? Buffer.alloc(4) : Buffer.alloc(0), payload]);
}

const close = (payload: Buffer): Buffer => frame(payload, { opcode: 8 });

/** The code of the close frame that is the last thing the service said; undefined where it just hung up. */
function closeCode(received: string): number | undefined {
  const bytes = Buffer.from(received, 'latin1');
  const at = bytes.lastIndexOf(0x88);
  return at === -1 || at + 4 > bytes.length ? undefined : bytes.readUInt16BE(at + 2);
}

/** In a conversation, says this, and is told with which code it is over. */
async function endOf(...said: Buffer[]): Promise<number | undefined> {
  const client = new RawUpgrade(target.url, '/text-chat');
  await eventually(() => client.received.includes('session.created'), DEADLINE_MS);
  for (const bytes of said) client.socket.write(bytes);
  await eventually(() => client.socket.readableEnded || client.socket.destroyed, DEADLINE_MS);
  client.socket.destroy();
  return closeCode(client.received);
}

describe('a frame', () => {
  it.each([
    ['of a reserved opcode', 1002, [frame('x', { opcode: 3 })]],
    ['of a reserved control opcode', 1002, [frame('x', { opcode: 15 })]],
    ['without a mask', 1002, [frame('{}', { masked: false })]],
    ['with a reserved bit', 1002, [frame('{}', { reserved: 1 })]],
    ['that says it is compressed', 1002, [frame(deflateRawSync(Buffer.alloc(100 * MB)), { reserved: 4 })]],
    ['that continues nothing', 1002, [frame('{}', { opcode: CONTINUATION })]],
    ['that begins within another', 1002, [frame('{', { fin: false }), frame('}')]],
    ['of text that is no UTF-8', 1007, [frame(Buffer.from('ff', 'hex'))]],
    [
      'of text that is no UTF-8, in pieces',
      1007,
      [
        frame(Buffer.from('c3', 'hex'), { fin: false }),
        frame(Buffer.from('28', 'hex'), { opcode: CONTINUATION }),
      ],
    ],
    ['of 2⁶³ bytes', 1009, [frame('x', { length: 2n ** 63n })]],
    ['of 2⁵³ bytes', 1009, [frame('x', { length: 2n ** 53n })]],
    ['of 5 MB', 1009, [frame('x', { length: BigInt(5 * MB) })]],
    [
      'in pieces of 5 MB together',
      1009,
      [
        frame(Buffer.alloc(3 * MB, 'x'), { fin: false }),
        frame(Buffer.alloc(2 * MB, 'x'), { opcode: CONTINUATION }),
      ],
    ],
    ['that is a ping of 126 bytes', 1002, [frame(Buffer.alloc(126), { opcode: PING })]],
    ['that is a ping in pieces', 1002, [frame('x', { opcode: PING, fin: false })]],
    ['that is a farewell of one byte', 1002, [close(Buffer.from('03', 'hex'))]],
    ['that is a farewell with a code nobody may send', 1002, [close(Buffer.from('03ee', 'hex'))]],
    ['that is a farewell that is no UTF-8', 1007, [close(Buffer.from('03e8ff', 'hex'))]],
  ])('%s ends the conversation with %i', async (_what, code, said) => {
    expect(await endOf(...said)).toBe(code);
  });

  it('in pieces without end is ended before it is large, empty pieces included', async () => {
    const before = await target.residentBytes();
    const pieces = Buffer.concat(
      Array.from({ length: 200_000 }, () => frame('', { opcode: CONTINUATION, fin: false })),
    );
    const code = await endOf(frame('', { fin: false }), ...Array<Buffer>(10).fill(pieces));
    expect([1008, 1009]).toContain(code);
    expect((await target.residentBytes()) - before).toBeLessThan(200 * MB);
  });

  it('of rubbish ends no more than its own conversation', async () => {
    const other = await converse(target.url, '/text-chat');
    for (let n = 0; n < 30; n += 1) await endOf(randomBytes(2_000), close(Buffer.alloc(0)));
    await other.settled();
    await other.close();
  });
});

describe('a flood of pings', () => {
  it('ends the conversation before the answers pile up', async () => {
    const before = await target.residentBytes();
    const pings = Buffer.concat(Array.from({ length: 100_000 }, () => frame('x', { opcode: PING })));
    expect(await endOf(pings)).toBeUndefined();
    expect((await target.residentBytes()) - before).toBeLessThan(100 * MB);
  });
});

describe('an event', () => {
  const deep = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

  it.each([
    ['no JSON', 'hello'],
    ['half of JSON', '{"type":"input_audio_buffer.append","audio":"'],
    ['a list', '[]'],
    ['a number', '1e999'],
    ['no type', '{}'],
    ['a type of the prototype', '{"type":"__proto__"}'],
    ['a type that every object has', '{"type":"toString"}'],
    ['a type that is a list', '{"type":["response.create"]}'],
    ['a type of a megabyte', `{"type":"${'x'.repeat(MB)}"}`],
    ['an event of the server', '{"type":"session.created"}'],
    ['a prototype', '{"__proto__":{"type":"response.create"}}'],
    ['arrays 100 000 deep', `{"type":"response.create","response":${deep(100_000)}}`],
    ['audio that is no base64', '{"type":"input_audio_buffer.append","audio":"\u2028!*"}'],
    ['audio that is a number', '{"type":"input_audio_buffer.append","audio":1e308}'],
    ['an item of a tool', '{"type":"conversation.item.create","item":{"type":"mcp_call"}}'],
    ['a session of another model', '{"type":"session.update","session":{"type":"realtime","model":"gpt-5"}}'],
    [
      'a session with tools',
      '{"type":"session.update","session":{"type":"realtime","tools":[{"type":"mcp","server_url":"http://127.0.0.1/"}]}}',
    ],
  ])('of %s is refused, and the next one heard', async (_what, text) => {
    const client = await converse(target.url, '/text-chat');
    client.socket.send(text);
    const told = await client.error();
    expect(String(told.message).length).toBeLessThan(1_000);
    await client.settled();
    await client.close();
  });

  it('in bytes is refused, and the next one heard', async () => {
    const client = await converse(target.url, '/realtime-voice');
    client.socket.send(Buffer.alloc(3 * MB, 1));
    await client.error();
    await client.settled();
    await client.close();
  });

  it('of rubbish may come ten thousand times: each is answered, in bounds', async () => {
    const before = await target.residentBytes();
    const client = await converse(target.url, '/text-chat');
    for (let n = 0; n < 10_000; n += 1) client.socket.send(`{"type":"x${n}"}`);
    await client.until(() => client.frames.length > 10_000, '10 000 refusals', DEADLINE_MS);
    expect((await target.residentBytes()) - before).toBeLessThan(200 * MB);
    await client.close();
  });
});

describe('an upgrade', () => {
  const upgrade = (headers: string, path = '/text-chat', method = 'GET'): string =>
    `${method} ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${headers}\r\n`;
  const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
  const V13 = 'Sec-WebSocket-Version: 13\r\n';

  it.each([
    ['without a key', upgrade(V13), '400 invalid-request'],
    [
      'with a key of 15 bytes',
      upgrade(`${V13}Sec-WebSocket-Key: YWFhYWFhYWFhYWFhYWFh\r\n`),
      '400 invalid-request',
    ],
    ['of version 7', upgrade(`${KEY}Sec-WebSocket-Version: 7\r\n`), '400 invalid-request'],
    [
      'with protocols that are none',
      upgrade(`${KEY}${V13}Sec-WebSocket-Protocol: ,,\r\n`),
      '400 invalid-request',
    ],
    ['by POST', upgrade(`${KEY}${V13}`, '/text-chat', 'POST'), '405 method-not-allowed'],
    ['of a page that is none', upgrade(`${KEY}${V13}Origin: http://[\r\n`), '403 forbidden'],
    ['of a page of nowhere', upgrade(`${KEY}${V13}Origin: null\r\n`), '403 forbidden'],
    ['of another path', upgrade(`${KEY}${V13}`, '/api/realtime/translate'), '405 method-not-allowed'],
    ['of a path that is none', upgrade(`${KEY}${V13}`, '/nowhere'), '404 not-found'],
    ['of a path that cannot be read', upgrade(`${KEY}${V13}`, 'http://[/text-chat'), '400 invalid-request'],
    [
      'with a ticket that never was',
      upgrade(`${KEY}${V13}`, '/text-chat?ticket=__proto__'),
      '401 unauthorized',
    ],
    [
      'with a thousand prompts',
      upgrade(`${KEY}${V13}`, `/text-chat?${'prompt=a&'.repeat(1_000)}`),
      '400 invalid-request',
    ],
    [
      'with a prompt of 9 000 characters',
      upgrade(`${KEY}${V13}`, `/text-chat?prompt=${'a'.repeat(9_000)}`),
      '400 invalid-request',
    ],
    [
      'with a language that is none',
      upgrade(`${KEY}${V13}`, '/text-chat?target=__proto__'),
      '400 invalid-request',
    ],
    [
      'with a field of the prototype',
      upgrade(`${KEY}${V13}`, '/text-chat?__proto__=x'),
      '400 invalid-request',
    ],
  ])('%s is refused', async (_what, bytes, told) => {
    expect(outcomes(await exchange(target.port, bytes))).toEqual([told]);
  });

  it('with extensions that nobody has gets none of them', async () => {
    const offers = `Sec-WebSocket-Extensions: permessage-deflate${'; server_max_window_bits=8'.repeat(100)}\r\n`;
    const { hostname, port } = new URL(target.url);
    expect(hostname).toBe('127.0.0.1');
    const client = new RawUpgrade(target.url, '/text-chat', '', [offers.trim(), `X-Port: ${port}`]);
    await eventually(() => client.received.includes('session.created'), DEADLINE_MS);
    expect(client.received).not.toMatch(/extensions/i);
    client.socket.destroy();
  });

  it('may be broken off at any byte', async () => {
    const whole = Buffer.concat([
      Buffer.from(upgrade(`${KEY}${V13}`)),
      frame('{"type":"input_audio_buffer.clear"}'),
    ]);
    for (let length = 1; length < whole.length; length += 7) {
      const client = new RawUpgrade(target.url, '/text-chat');
      client.socket.destroy();
      await exchange(target.port, whole.subarray(0, length), null);
    }
  });

  it('of many at once leaves room when they are gone', async () => {
    const clients = Array.from({ length: 100 }, () => new BareClient(wsUrl(target.url, '/text-chat')));
    await eventually(
      () => clients.every(({ frames, closed }) => frames.length > 0 || closed !== undefined),
      DEADLINE_MS,
    );
    expect(clients.filter(({ frames }) => frames.length > 0)).toHaveLength(50);
    await Promise.all(clients.map((client) => client.close()));
  });
});

/** Some servers send their JSON in binary frames, which are read like text frames. */
import { afterEach, expect, it } from '@jest/globals';
import { post, startBeforeScript } from '../support/gateway.js';
import { connectionFault } from '../support/offline.js';
import { message } from '../support/offline-spelling.js';
import { converse } from '../support/relay.js';

let running: Awaited<ReturnType<typeof startBeforeScript>>;

afterEach(() => running.close());

const TEXT = 'one two three';

for (const dialect of ['ga', 'preview'] as const) {
  it(`a translation is read from binary frames, ${dialect}`, async () => {
    running = await startBeforeScript({ POOL_WARM: '0' }, { dialect });
    running.script.connections.every(connectionFault.binaryFrames());
    const response = await post(`${running.url}/api/realtime/translate`, { text: TEXT });
    expect(await response.json()).toMatchObject({ text: TEXT });
  });

  it(`a conversation relays binary frames as text frames, ${dialect}`, async () => {
    running = await startBeforeScript({ POOL_WARM: '0' }, { dialect });
    running.script.connections.every(connectionFault.binaryFrames());
    const client = await converse(running.url, '/text-chat');
    const kinds = new Set<boolean>();
    client.socket.on('message', (_data, isBinary) => kinds.add(isBinary));
    client.send({ type: 'conversation.item.create', item: message(TEXT) });
    client.send({ type: 'response.create' });
    await client.next('response.done');
    const deltas = client.frames.filter(({ type }) => type === 'response.output_text.delta');
    expect(deltas.map(({ delta }) => delta).join('')).toBe(TEXT);
    expect([...kinds]).toEqual([false]);
    await client.close();
  });
}

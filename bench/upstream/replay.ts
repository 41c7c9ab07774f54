/**
 * An upstream that costs next to nothing: what the scripted server says to one request is recorded once and replayed,
 * frame for frame, with the ids of each later request. So the gateway under test is what is measured, not its double.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { Certificate } from './certificate.js';
import { FrameTemplate } from './frame-template.js';

interface Recording {
  readonly created: string;
  readonly updated: string;
  readonly response: readonly FrameTemplate[];
}

/** What of a client's events the replay looks at. */
interface Asked {
  readonly type: string;
  readonly item?: { readonly id: string };
  readonly audio?: string;
  readonly response?: { readonly metadata?: Readonly<Record<string, string>> };
}

const METADATA = { request_id: 'req_recorded' };

/** A frame larger than that carries a recording, which nobody here listens to. */
const HEAD_BYTES = 4_096;

/** One session with one answered request, as the server at `url` tells it. The answer has to be ASCII. */
async function record(url: string): Promise<Recording> {
  const frames: string[] = [];
  const socket = new WebSocket(url);
  const recorded = new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.on('message', (data: Buffer) => {
      const frame = data.toString();
      frames.push(frame);
      if (frame.startsWith('{"type":"rate_limits.updated"')) resolve();
      if (frame.startsWith('{"type":"error"')) reject(new Error(frame));
    });
  });
  await once(socket, 'open');
  const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Recorded.' }] };
  const response = { conversation: 'none', output_modalities: ['text'], metadata: METADATA, input: [item] };
  socket.send(JSON.stringify({ type: 'session.update', session: { type: 'realtime' } }));
  socket.send(JSON.stringify({ type: 'response.create', response }));
  await recorded;
  socket.terminate();
  const [created = '', updated = '', ...rest] = frames;
  const id = /resp_[0-9a-f]+/.exec(rest[0] ?? '')?.[0];
  if (id === undefined) throw new Error(`The recording does not begin with a response: ${rest[0]}`);
  const holes = [id, JSON.stringify(METADATA)];
  return { created, updated, response: rest.map((frame) => new FrameTemplate(frame, holes)) };
}

export interface Replay {
  /** `ws://127.0.0.1:PORT/v1/realtime`, or `wss:` */
  readonly url: string;
}

/**
 * Answers each `response.create` at once, and each `input_audio_buffer.append` with an `audio.delta` of the same
 * samples.
 *
 * @param source a scripted server, for the recording
 * @param certificate absent: it is spoken to in the clear
 */
export async function startReplay(source: string, certificate?: Certificate): Promise<Replay> {
  const recording = await record(source);
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: 24 * 1024 * 1024,
    skipUTF8Validation: true,
  });
  const server = certificate === undefined ? createServer() : createSecureServer(certificate);
  server.on('upgrade', (request, stream: Duplex, head: Buffer) => {
    sockets.handleUpgrade(request, stream, head, (socket) => {
      serve(socket, stream, recording);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const scheme = certificate === undefined ? 'ws' : 'wss';
  return { url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/v1/realtime` };
}

const ITEM = new FrameTemplate(
  '{"type":"conversation.item.added","event_id":"event_0","previous_item_id":null,"item":{"object":"realtime.item","id":"ID","type":"message","status":"completed","role":"system","content":[]}}',
  ['ID'],
);
const DELTA = new FrameTemplate(
  '{"type":"response.output_audio.delta","event_id":"event_0","response_id":"resp_0","item_id":"item_0","output_index":0,"content_index":0,"delta":"AUDIO"}',
  ['AUDIO'],
);

function serve(socket: WebSocket, stream: Duplex, recording: Recording): void {
  let responses = 0;
  // What is said in one go leaves in one write.
  let gathered = '';
  const say = (frame: string): void => {
    if (gathered === '')
      process.nextTick(() => {
        stream.write(gathered, 'latin1');
        gathered = '';
      });
    gathered += frame;
  };
  socket.on('error', () => stream.destroy());
  socket.on('message', (data: Buffer) => {
    const asked = lookAt(data);
    switch (asked.type) {
      case 'response.create': {
        const id = `resp_${(responses += 1).toString(16).padStart(24, '0')}`;
        const values = [id, JSON.stringify(asked.response?.metadata ?? {})];
        say(recording.response.map((frame) => frame.fill(values)).join(''));
        break;
      }
      case 'input_audio_buffer.append':
        say(DELTA.fill([asked.audio ?? '']));
        break;
      case 'conversation.item.create':
        say(ITEM.fill([asked.item?.id ?? 'item_1']));
        break;
      case 'session.update':
        say(new FrameTemplate(recording.updated, []).fill([]));
        break;
    }
  });
  say(new FrameTemplate(recording.created, []).fill([]));
}

/** To parse the base64 of a recording would cost more than all else here: of its request the head, up to the input, will do. */
function lookAt(frame: Buffer): Asked {
  if (frame.length > HEAD_BYTES) {
    const head = frame.toString('latin1', 0, HEAD_BYTES);
    const [asking] = head.split(',"input":', 1);
    if (asking !== head && head.startsWith('{"type":"response.create"'))
      return JSON.parse(`${asking ?? ''}}}`) as Asked;
  }
  return JSON.parse(frame.toString('latin1')) as Asked;
}

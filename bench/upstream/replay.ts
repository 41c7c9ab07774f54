/**
 * An upstream that costs next to nothing: records the scripted server's frames for one request once and replays them with
 * the ids of each later request, so that the bench measures the gateway and not its test double.
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

/** The fields of a client's event that the replay reads. */
interface ClientFrame {
  readonly type: string;
  readonly item?: { readonly id: string };
  readonly audio?: string;
  readonly response?: { readonly metadata?: Readonly<Record<string, string>> };
}

const METADATA = { request_id: 'req_recorded' };

/** A larger frame carries a recording, which the replay ignores. */
const HEAD_BYTES = 4_096;

/** Records a session with one answered request from the server at `url`. The answer has to be ASCII. */
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
 * Answers each `response.create` at once, and each `input_audio_buffer.append` with an `audio.delta` of the same samples.
 *
 * @param source a scripted server, for the recording
 * @param certificate absent: without TLS
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
  // Frames sent in the same tick go out in one write.
  let batch = '';
  const send = (frame: string): void => {
    if (batch === '')
      process.nextTick(() => {
        stream.write(batch, 'latin1');
        batch = '';
      });
    batch += frame;
  };
  socket.on('error', () => stream.destroy());
  socket.on('message', (data: Buffer) => {
    const event = parseHead(data);
    switch (event.type) {
      case 'response.create': {
        const id = `resp_${(responses += 1).toString(16).padStart(24, '0')}`;
        const values = [id, JSON.stringify(event.response?.metadata ?? {})];
        send(recording.response.map((frame) => frame.fill(values)).join(''));
        break;
      }
      case 'input_audio_buffer.append':
        send(DELTA.fill([event.audio ?? '']));
        break;
      case 'conversation.item.create':
        send(ITEM.fill([event.item?.id ?? 'item_1']));
        break;
      case 'session.update':
        send(new FrameTemplate(recording.updated, []).fill([]));
        break;
    }
  });
  send(new FrameTemplate(recording.created, []).fill([]));
}

/** Parses a large frame only up to its input: parsing the base64 of a recording would cost more than everything else here. */
function parseHead(frame: Buffer): ClientFrame {
  if (frame.length > HEAD_BYTES) {
    const head = frame.toString('latin1', 0, HEAD_BYTES);
    const [beforeInput] = head.split(',"input":', 1);
    if (beforeInput !== head && head.startsWith('{"type":"response.create"'))
      return JSON.parse(`${beforeInput ?? ''}}}`) as ClientFrame;
  }
  return JSON.parse(frame.toString('latin1')) as ClientFrame;
}

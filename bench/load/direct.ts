/** One client that calls the upstream directly: the latency of an answer without the service. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { summarise, type Latencies } from './latencies.js';

export interface DirectLoad {
  readonly url: string;
  readonly durationMs: number;
  /** Sends this many bytes of PCM16 instead of a sentence. */
  readonly audioBytes?: number;
  /** Measures to the first delta; absent: to the end of the response. */
  readonly until?: 'first-delta';
}

export async function direct({ url, durationMs, audioBytes, until }: DirectLoad): Promise<Latencies> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await once(socket, 'message');
  const content =
    audioBytes === undefined
      ? { type: 'input_text', text: 'The weather is beautiful today.' }
      : { type: 'input_audio', audio: Buffer.alloc(audioBytes, 1).toString('base64') };
  const frame = JSON.stringify({
    type: 'response.create',
    response: {
      conversation: 'none',
      output_modalities: ['text'],
      metadata: { request_id: 'req_direct' },
      input: [{ type: 'message', role: 'user', content: [content] }],
    },
  });
  const latencies: number[] = [];
  const startedAt = performance.now();
  while (performance.now() - startedAt < durationMs) {
    const sentAt = performance.now();
    const { firstDeltaMs, doneMs } = await answer(socket, frame, sentAt);
    latencies.push(until === 'first-delta' ? firstDeltaMs : doneMs);
  }
  const elapsedMs = performance.now() - startedAt;
  socket.terminate();
  return summarise(latencies, elapsedMs);
}

function answer(
  socket: WebSocket,
  frame: string,
  sentAt: number,
): Promise<{ firstDeltaMs: number; doneMs: number }> {
  return new Promise((resolve, reject) => {
    let firstDeltaMs: number | undefined;
    const fail = (): void => {
      reject(new Error('Upstream closed the socket.'));
    };
    const onMessage = (data: Buffer): void => {
      const { type } = JSON.parse(data.toString()) as { type: string };
      if (type === 'response.output_text.delta') firstDeltaMs ??= performance.now() - sentAt;
      if (type !== 'response.done') return;
      socket.off('message', onMessage);
      socket.off('close', fail);
      const doneMs = performance.now() - sentAt;
      resolve({ firstDeltaMs: firstDeltaMs ?? doneMs, doneMs });
    };
    socket.on('message', onMessage);
    socket.on('close', fail);
    socket.send(frame);
  });
}

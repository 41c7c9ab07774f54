/** Many voice conversations from one process: frames are built beforehand, and received ones are parsed only as far as necessary. */
import { once } from 'node:events';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { summarise, type Latencies } from './latencies.js';

export interface ConversationLoad {
  /** `http://127.0.0.1:PORT/path` of a WebSocket. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly conversations: number;
  readonly durationMs: number;
  /** `paced`: frames in real time. `flat-out`: the next frame as soon as one has been answered. */
  readonly pace: 'paced' | 'flat-out';
}

const FRAME_MS = 40;
const BYTES_PER_MS = 48;
/** Frames in flight in each conversation that runs flat out. */
const WINDOW = 2;
const PAYLOAD = JSON.stringify({
  type: 'input_audio_buffer.append',
  audio: Buffer.alloc(FRAME_MS * BYTES_PER_MS, 7).toString('base64'),
});
/** Masked, as a client must, with a mask of zeros. */
const FRAME = Buffer.concat([
  Buffer.from([0x81, 0x80 | 126, PAYLOAD.length >> 8, PAYLOAD.length & 0xff, 0, 0, 0, 0]),
  Buffer.from(PAYLOAD),
]);
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);
/** The upstream answers each frame with as much audio; a shorter frame is another event. */
const MIN_AUDIO_FRAME_BYTES = 1_000;

/** Measures the latency of a frame: from sending it to receiving the audio that answers it. */
export async function converse(load: ConversationLoad): Promise<Latencies> {
  const latencies: number[] = [];
  const all: Conversation[] = [];
  // One after the other: open conversations are measured, not a burst of handshakes.
  for (let number = 0; number < load.conversations; number += 1)
    all.push(await Conversation.open(load.url, load.headers));
  const startedAt = performance.now();
  try {
    await Promise.race([
      load.pace === 'paced'
        ? runPaced(all, load.durationMs, latencies)
        : runFlatOut(all, load.durationMs, latencies),
      ...all.map((conversation) => conversation.lost),
    ]);
    return summarise(latencies, performance.now() - startedAt);
  } finally {
    for (const conversation of all) conversation.close();
  }
}

/** Each conversation sends in real time; their starts are spread over the length of a frame. */
async function runPaced(
  all: readonly Conversation[],
  durationMs: number,
  latencies: number[],
): Promise<void> {
  const frames = Math.max(1, Math.floor(durationMs / FRAME_MS));
  await Promise.all(
    all.map(async (conversation, number) => {
      const firstAt = performance.now() + (number * FRAME_MS) / all.length;
      conversation.onAudio = (latencyMs) => latencies.push(latencyMs);
      for (let frame = 0; frame < frames; frame += 1) {
        const leftMs = firstAt + frame * FRAME_MS - performance.now();
        if (leftMs > 0) await new Promise((resolve) => setTimeout(resolve, leftMs));
        conversation.send();
      }
      await conversation.answered();
    }),
  );
}

async function runFlatOut(
  all: readonly Conversation[],
  durationMs: number,
  latencies: number[],
): Promise<void> {
  const deadline = performance.now() + durationMs;
  for (const conversation of all) {
    conversation.onAudio = (latencyMs, now) => {
      latencies.push(latencyMs);
      if (now < deadline) conversation.send();
    };
    for (let frame = 0; frame < WINDOW; frame += 1) conversation.send();
  }
  await Promise.all(all.map((conversation) => conversation.answered()));
}

class Conversation {
  onAudio: (latencyMs: number, now: number) => void = () => undefined;
  /** Rejects if the server closes the connection. */
  readonly lost: Promise<never>;
  readonly #socket: Socket;
  readonly #sentAt: number[] = [];
  #rest: Buffer;
  #isOpen = false;
  #onProgress = (): void => undefined;

  private constructor(socket: Socket, head: Buffer) {
    this.#socket = socket;
    this.#rest = head;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      this.#receive(chunk);
    });
    this.lost = once(socket, 'close').then(() => {
      throw new Error('A conversation was closed before its end.');
    });
    // `converse` races this promise; a rejection outside of the race is not an error.
    this.lost.catch(() => undefined);
    this.#receive(Buffer.alloc(0));
  }

  /** Resolves once the first event, `session.created`, has arrived. */
  static async open(url: string, headers: ConversationLoad['headers']): Promise<Conversation> {
    const upgrade = request(url, {
      agent: false,
      headers: {
        ...headers,
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      },
    });
    upgrade.on('response', (answer) => {
      upgrade.destroy(new Error(`Expected an upgrade, got ${String(answer.statusCode)}`));
    });
    upgrade.end();
    const [, socket, head] = (await once(upgrade, 'upgrade')) as [unknown, Socket, Buffer];
    const conversation = new Conversation(socket, head);
    await Promise.race([conversation.#until(() => conversation.#isOpen), conversation.lost]);
    return conversation;
  }

  send(): void {
    this.#sentAt.push(performance.now());
    this.#socket.write(FRAME);
  }

  /** Resolves once every frame has been answered. */
  answered(): Promise<void> {
    return this.#until(() => this.#sentAt.length === 0);
  }

  close(): void {
    this.#socket.destroy();
  }

  #until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#onProgress = () => {
        if (condition()) resolve();
      };
      this.#onProgress();
    });
  }

  #receive(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const size = frameSize(bytes);
      if (size === undefined || size > bytes.length) break;
      this.#onFrame(bytes[0] ?? 0, size);
      bytes = bytes.subarray(size);
    }
    this.#rest = bytes;
    this.#onProgress();
  }

  #onFrame(firstByte: number, size: number): void {
    if (firstByte === 0x89) this.#socket.write(PONG);
    else if (!this.#isOpen) this.#isOpen = true;
    else if (size > MIN_AUDIO_FRAME_BYTES) {
      const now = performance.now();
      this.onAudio(now - (this.#sentAt.shift() ?? now), now);
    }
  }
}

/** The size of the first frame including its header; undefined if the header is incomplete. Server frames have no mask. */
function frameSize(bytes: Buffer): number | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes.readUInt8(1) & 0x7f;
  if (short < 126) return 2 + short;
  if (short === 126) return bytes.length < 4 ? undefined : 4 + bytes.readUInt16BE(2);
  return bytes.length < 10 ? undefined : 10 + Number(bytes.readBigUInt64BE(2));
}

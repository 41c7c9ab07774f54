/** Many voice conversations from one process: frames built beforehand, and no more looked into than a client must. */
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
  /** `paced`: a frame of sound in the time it takes to speak it. `flat-out`: the next as soon as one has come back. */
  readonly pace: 'paced' | 'flat-out';
}

const FRAME_MS = 40;
const BYTES_PER_MS = 48;
/** On the way at the same time in each conversation that runs flat out. */
const WINDOW = 2;
const PAYLOAD = JSON.stringify({
  type: 'input_audio_buffer.append',
  audio: Buffer.alloc(FRAME_MS * BYTES_PER_MS, 7).toString('base64'),
});
/** Masked, as a client has to, with a mask of zeros. */
const FRAME = Buffer.concat([
  Buffer.from([0x81, 0x80 | 126, PAYLOAD.length >> 8, PAYLOAD.length & 0xff, 0, 0, 0, 0]),
  Buffer.from(PAYLOAD),
]);
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);
/** Upstream answers each with as much sound; what is shorter than that is something else. */
const MIN_SOUND_BYTES = 1_000;

/** Latency is that of a frame: from its leaving to the sound that answers it. */
export async function converse(load: ConversationLoad): Promise<Latencies> {
  const latencies: number[] = [];
  const all: Conversation[] = [];
  // Not all at once: an open conversation is what is measured, not a storm of handshakes.
  for (let number = 0; number < load.conversations; number += 1)
    all.push(await Conversation.open(load.url, load.headers));
  const startedAt = performance.now();
  try {
    await Promise.race([
      load.pace === 'paced' ? speak(all, load.durationMs, latencies) : pour(all, load.durationMs, latencies),
      ...all.map((conversation) => conversation.lost),
    ]);
    return summarise(latencies, performance.now() - startedAt);
  } finally {
    for (const conversation of all) conversation.close();
  }
}

/** Each speaks in real time; they begin one after the other, spread over the length of a frame. */
async function speak(all: readonly Conversation[], durationMs: number, latencies: number[]): Promise<void> {
  const frames = Math.max(1, Math.floor(durationMs / FRAME_MS));
  await Promise.all(
    all.map(async (conversation, number) => {
      const firstAt = performance.now() + (number * FRAME_MS) / all.length;
      conversation.onSound = (latencyMs) => latencies.push(latencyMs);
      for (let frame = 0; frame < frames; frame += 1) {
        const leftMs = firstAt + frame * FRAME_MS - performance.now();
        if (leftMs > 0) await new Promise((resolve) => setTimeout(resolve, leftMs));
        conversation.say();
      }
      await conversation.answered();
    }),
  );
}

async function pour(all: readonly Conversation[], durationMs: number, latencies: number[]): Promise<void> {
  const deadline = performance.now() + durationMs;
  for (const conversation of all) {
    conversation.onSound = (latencyMs, now) => {
      latencies.push(latencyMs);
      if (now < deadline) conversation.say();
    };
    for (let frame = 0; frame < WINDOW; frame += 1) conversation.say();
  }
  await Promise.all(all.map((conversation) => conversation.answered()));
}

class Conversation {
  onSound: (latencyMs: number, now: number) => void = () => undefined;
  /** Rejects where the conversation ends by itself. */
  readonly lost: Promise<never>;
  readonly #socket: Socket;
  readonly #sentAt: number[] = [];
  #rest: Buffer;
  #isSessionThere = false;
  #progressed = (): void => undefined;

  private constructor(socket: Socket, head: Buffer) {
    this.#socket = socket;
    this.#rest = head;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      this.#receive(chunk);
    });
    this.lost = once(socket, 'close').then(() => {
      throw new Error('A conversation ended before its time.');
    });
    // Whoever waits for something else hears of it in the race of `converse`.
    this.lost.catch(() => undefined);
    this.#receive(Buffer.alloc(0));
  }

  /** Resolves once the session is there. */
  static async open(url: string, headers: ConversationLoad['headers']): Promise<Conversation> {
    const asking = request(url, {
      agent: false,
      headers: {
        ...headers,
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      },
    });
    asking.on('response', (answer) => {
      asking.destroy(new Error(`No WebSocket, but ${String(answer.statusCode)}`));
    });
    asking.end();
    const [, socket, head] = (await once(asking, 'upgrade')) as [unknown, Socket, Buffer];
    const conversation = new Conversation(socket, head);
    await Promise.race([conversation.#until(() => conversation.#isSessionThere), conversation.lost]);
    return conversation;
  }

  say(): void {
    this.#sentAt.push(performance.now());
    this.#socket.write(FRAME);
  }

  /** Resolves once every frame has its answer. */
  answered(): Promise<void> {
    return this.#until(() => this.#sentAt.length === 0);
  }

  close(): void {
    this.#socket.destroy();
  }

  #until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#progressed = () => {
        if (condition()) resolve();
      };
      this.#progressed();
    });
  }

  #receive(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const size = frameSize(bytes);
      if (size === undefined || size > bytes.length) break;
      this.#hear(bytes[0] ?? 0, size);
      bytes = bytes.subarray(size);
    }
    this.#rest = bytes;
    this.#progressed();
  }

  #hear(firstByte: number, size: number): void {
    if (firstByte === 0x89) this.#socket.write(PONG);
    else if (!this.#isSessionThere) this.#isSessionThere = true;
    else if (size > MIN_SOUND_BYTES) {
      const now = performance.now();
      this.onSound(now - (this.#sentAt.shift() ?? now), now);
    }
  }
}

/** Of the first frame in there, header included; undefined where not even that is whole. Frames of servers bear no mask. */
function frameSize(bytes: Buffer): number | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes.readUInt8(1) & 0x7f;
  if (short < 126) return 2 + short;
  if (short === 126) return bytes.length < 4 ? undefined : 4 + bytes.readUInt16BE(2);
  return bytes.length < 10 ? undefined : 10 + Number(bytes.readBigUInt64BE(2));
}

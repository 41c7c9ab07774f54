/** Conversations over WebSocket: text and voice, in both dialects, with API keys and with tickets. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { Failure, WrongAnswer } from './results.js';
import { answerTo, tone } from './oracle.js';
import { checkSound } from './recordings.js';
import { checkSpeech, checkText } from './texts.js';
import { DEADLINE_MS, expectJson, type Problem, type Scenario } from './scenario.js';

type Frame = Readonly<Record<string, unknown>> & { readonly type: string };

/** The names of the events used here in the two dialects. */
const NAMES = {
  ga: {
    text: 'response.output_text.delta',
    transcript: 'response.output_audio_transcript.delta',
    audio: 'response.output_audio.delta',
  },
  preview: {
    text: 'response.text.delta',
    transcript: 'response.audio_transcript.delta',
    audio: 'response.audio.delta',
  },
} as const;

/** A client socket whose frames are read in order. */
class Conversation {
  readonly #socket: WebSocket;
  readonly #frames: Frame[] = [];
  #close: { code: number; reason: string } | undefined;
  #wake: () => void = () => undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      this.#frames.push(JSON.parse(data.toString()) as Frame);
      this.#wake();
    });
    socket.on('close', (code, reason) => {
      this.#close = { code, reason: reason.toString() };
      this.#wake();
    });
    // `close` follows.
    socket.on('error', () => undefined);
  }

  /** Resolves once the conversation is open. @throws Failure with the problem's code if the upgrade is rejected */
  static async open(scenario: Scenario, path: string): Promise<Conversation> {
    const withTicket = scenario.random.next() < 0.5;
    const ticket = withTicket
      ? (expectJson(await scenario.request('/api/realtime/tickets', { method: 'POST' }), 201) as {
          ticket: string;
        })
      : undefined;
    const query = ticket === undefined ? path : `${path}&ticket=${ticket.ticket}`;
    const { url } = scenario.nextNode();
    const socket = new WebSocket(`${url.replace('http', 'ws')}${query}`, {
      headers: ticket === undefined ? { 'x-api-key': scenario.key } : {},
    });
    const rejected = new Promise<never>((_, reject) => {
      socket.on('unexpected-response', (_request, response) => {
        response.on('data', (body: Buffer) => {
          const { code, detail } = JSON.parse(body.toString()) as Problem;
          reject(new Failure(code, detail ?? ''));
          socket.terminate();
        });
      });
    });
    const conversation = new Conversation(socket);
    // Unused once the conversation is open.
    rejected.catch(() => undefined);
    await Promise.race([conversation.next((frame) => frame.type === 'session.created'), rejected]);
    return conversation;
  }

  send(event: object): void {
    this.#socket.send(JSON.stringify(event));
  }

  /** The next frame that matches; drops those before it. @throws Failure `closed-…`, `hang`, or the error's code */
  async next(matches: (frame: Frame) => boolean): Promise<Frame> {
    const deadline = performance.now() + DEADLINE_MS;
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) {
        if (matches(frame)) return frame;
        if (frame.type !== 'error') continue;
        // The close code that follows an upstream failure is more specific than the error's code.
        await this.#nextChange(1_000);
        const { code } = frame.error as { code?: string };
        throw new Failure(this.#closeCode() ?? code ?? 'error', JSON.stringify(frame.error));
      }
      const closeCode = this.#closeCode();
      if (closeCode !== undefined) throw new Failure(closeCode, `closed: ${this.#close?.reason ?? ''}`);
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) throw new Failure('hang', `no frame in a conversation for ${DEADLINE_MS} ms`);
      await this.#nextChange(leftMs);
    }
  }

  async close(): Promise<void> {
    if (this.#close !== undefined) return;
    const closed = once(this.#socket, 'close', { signal: AbortSignal.timeout(DEADLINE_MS) });
    this.#socket.close();
    await closed;
  }

  /** Disconnects without a close frame. */
  terminate(): void {
    this.#socket.terminate();
  }

  #closeCode(): string | undefined {
    return this.#close && `closed-${this.#close.code}`;
  }

  async #nextChange(withinMs: number): Promise<void> {
    if (this.#close !== undefined) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, withinMs);
      this.#wake = resolve;
    });
    clearTimeout(timer);
  }
}

async function withConversation(
  scenario: Scenario,
  path: string,
  run: (conversation: Conversation) => Promise<void>,
): Promise<string> {
  const conversation = await Conversation.open(scenario, path);
  try {
    await run(conversation);
    if (scenario.random.next() < 0.2) conversation.terminate();
    else await conversation.close();
  } finally {
    conversation.terminate();
  }
  return 'ok';
}

export function textConversation(scenario: Scenario): Promise<string> {
  const dialect = scenario.random.pick(['ga', 'preview'] as const);
  return withConversation(scenario, `/text-chat?dialect=${dialect}&target=es`, async (conversation) => {
    const turns = scenario.random.between(1, 4);
    for (let turn = 0; turn < turns; turn += 1) {
      const text = scenario.uniqueText(scenario.random.between(1, 30));
      const content = [{ type: 'input_text', text }];
      conversation.send({
        type: 'conversation.item.create',
        item: { type: 'message', role: 'user', content },
      });
      conversation.send({ type: 'response.create' });
      const { words } = await readAnswer(conversation, dialect);
      checkText(text, words);
    }
  });
}

/** Sends a tone instead of speech; the server's voice activity detection finds its end. */
export function voiceConversation(scenario: Scenario): Promise<string> {
  const dialect = scenario.random.pick(['ga', 'preview'] as const);
  const hz = 300 + 25 * (scenario.number % 40);
  const ms = scenario.random.between(500, 1_000);
  return withConversation(scenario, `/realtime-voice?dialect=${dialect}`, async (conversation) => {
    const pcm = Buffer.concat([Buffer.alloc(9_600), tone(hz, ms), Buffer.alloc(48_000)]);
    for (let byte = 0; byte < pcm.length; byte += 1_920) {
      const audio = pcm.subarray(byte, byte + 1_920).toString('base64');
      conversation.send({ type: 'input_audio_buffer.append', audio });
    }
    const { words, spoken } = await readAnswer(conversation, dialect);
    checkSound(words, { hz, ms });
    checkSpeech(words, spoken);
  });
}

async function readAnswer(
  conversation: Conversation,
  dialect: keyof typeof NAMES,
): Promise<{ words: string; spoken: Buffer }> {
  const names = NAMES[dialect];
  let words = '';
  const spoken: Buffer[] = [];
  const done = await conversation.next((frame) => {
    if (frame.type === names.text || frame.type === names.transcript) words += String(frame.delta);
    if (frame.type === names.audio) spoken.push(Buffer.from(String(frame.delta), 'base64'));
    return frame.type === 'response.done';
  });
  const { status } = done.response as { status: string };
  if (status !== 'completed') throw new Failure(`response-${status}`, JSON.stringify(done.response));
  return { words, spoken: Buffer.concat(spoken) };
}

/** Sends events that the relay rejects, then uses the conversation as usual. */
export function rejectedEvents(scenario: Scenario): Promise<string> {
  return withConversation(scenario, '/text-chat?dialect=ga', async (conversation) => {
    conversation.send({ type: 'session.update', event_id: 'mine', session: { type: 'realtime', tools: [] } });
    conversation.send({ type: 'session.unknown', event_id: 'mine' });
    for (let count = 0; count < 2; count += 1) {
      const frame = await conversation.next(({ type, error }) => {
        return type === 'error' && (error as { event_id?: string }).event_id === 'mine';
      });
      if (frame.type !== 'error') throw new WrongAnswer(`not rejected: ${JSON.stringify(frame)}`);
    }
    const text = scenario.uniqueText(3);
    const content = [{ type: 'input_text', text }];
    conversation.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } });
    conversation.send({ type: 'response.create' });
    const { words } = await readAnswer(conversation, 'ga');
    if (words !== answerTo(text)) throw new WrongAnswer(`asked ${text}; got ${words}`);
  });
}

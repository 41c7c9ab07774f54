/** Conversations over WebSocket, in writing and aloud, in both vocabularies, with keys and with tickets. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { Failure, WrongAnswer } from './ledger.js';
import { answerTo, tone } from './question.js';
import { checkSound } from './recordings.js';
import { checkSpeech, checkText } from './texts.js';
import { DEADLINE_MS, expectJson, type Problem, type Trip } from './trip.js';

type Frame = Readonly<Record<string, unknown>> & { readonly type: string };

/** What the two vocabularies call what is looked at here. */
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

/** A socket whose frames are taken in order. */
class Talk {
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
    // Followed by `close`.
    socket.on('error', () => undefined);
  }

  /** In a conversation. @throws Failure with the problem's code where it is refused */
  static async open(trip: Trip, path: string): Promise<Talk> {
    const withTicket = trip.random.next() < 0.5;
    const ticket = withTicket
      ? (expectJson(await trip.ask('/api/realtime/tickets', { method: 'POST' }), 201) as { ticket: string })
      : undefined;
    const query = ticket === undefined ? path : `${path}&ticket=${ticket.ticket}`;
    const { url } = trip.next();
    const socket = new WebSocket(`${url.replace('http', 'ws')}${query}`, {
      headers: ticket === undefined ? { 'x-api-key': trip.key } : {},
    });
    const refused = new Promise<never>((_, reject) => {
      socket.on('unexpected-response', (_request, response) => {
        response.on('data', (body: Buffer) => {
          const { code, detail } = JSON.parse(body.toString()) as Problem;
          reject(new Failure(code, detail ?? ''));
          socket.terminate();
        });
      });
    });
    const talk = new Talk(socket);
    // Nobody listens any more once it is open.
    refused.catch(() => undefined);
    await Promise.race([talk.next((frame) => frame.type === 'session.created'), refused]);
    return talk;
  }

  say(event: object): void {
    this.#socket.send(JSON.stringify(event));
  }

  /** The next frame of that kind; those before it are dropped. @throws Failure `closed-…`, `hang`, or the error's code */
  async next(isIt: (frame: Frame) => boolean): Promise<Frame> {
    const deadline = performance.now() + DEADLINE_MS;
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) {
        if (isIt(frame)) return frame;
        if (frame.type !== 'error') continue;
        // The close that follows an upstream's fault tells more than its code.
        await this.#change(1_000);
        const { code } = frame.error as { code?: string };
        throw new Failure(this.#lost() ?? code ?? 'error', JSON.stringify(frame.error));
      }
      const lost = this.#lost();
      if (lost !== undefined) throw new Failure(lost, `closed: ${this.#close?.reason ?? ''}`);
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) throw new Failure('hang', `nothing came in a conversation for ${DEADLINE_MS} ms`);
      await this.#change(leftMs);
    }
  }

  async close(): Promise<void> {
    if (this.#close !== undefined) return;
    const closed = once(this.#socket, 'close', { signal: AbortSignal.timeout(DEADLINE_MS) });
    this.#socket.close();
    await closed;
  }

  /** Leaves without a word. */
  cut(): void {
    this.#socket.terminate();
  }

  #lost(): string | undefined {
    return this.#close && `closed-${this.#close.code}`;
  }

  async #change(withinMs: number): Promise<void> {
    if (this.#close !== undefined) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, withinMs);
      this.#wake = resolve;
    });
    clearTimeout(timer);
  }
}

async function inTalk(trip: Trip, path: string, converse: (talk: Talk) => Promise<void>): Promise<string> {
  const talk = await Talk.open(trip, path);
  try {
    await converse(talk);
    if (trip.random.next() < 0.2) talk.cut();
    else await talk.close();
  } finally {
    talk.cut();
  }
  return 'ok';
}

export function writtenTalk(trip: Trip): Promise<string> {
  const dialect = trip.random.pick(['ga', 'preview'] as const);
  return inTalk(trip, `/text-chat?dialect=${dialect}&target=es`, async (talk) => {
    const turns = trip.random.between(1, 4);
    for (let turn = 0; turn < turns; turn += 1) {
      const text = trip.words(trip.random.between(1, 30));
      const content = [{ type: 'input_text', text }];
      talk.say({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } });
      talk.say({ type: 'response.create' });
      const { words } = await answerIn(talk, dialect);
      checkText(text, words);
    }
  });
}

/** A tone in the place of words; the server hears where it ends. */
export function spokenTalk(trip: Trip): Promise<string> {
  const dialect = trip.random.pick(['ga', 'preview'] as const);
  const hz = 300 + 25 * (trip.number % 40);
  const ms = trip.random.between(500, 1_000);
  return inTalk(trip, `/realtime-voice?dialect=${dialect}`, async (talk) => {
    const pcm = Buffer.concat([Buffer.alloc(9_600), tone(hz, ms), Buffer.alloc(48_000)]);
    for (let byte = 0; byte < pcm.length; byte += 1_920) {
      const audio = pcm.subarray(byte, byte + 1_920).toString('base64');
      talk.say({ type: 'input_audio_buffer.append', audio });
    }
    const { words, spoken } = await answerIn(talk, dialect);
    checkSound(words, { hz, ms });
    checkSpeech(words, spoken);
  });
}

async function answerIn(talk: Talk, dialect: keyof typeof NAMES): Promise<{ words: string; spoken: Buffer }> {
  const names = NAMES[dialect];
  let words = '';
  const spoken: Buffer[] = [];
  const done = await talk.next((frame) => {
    if (frame.type === names.text || frame.type === names.transcript) words += String(frame.delta);
    if (frame.type === names.audio) spoken.push(Buffer.from(String(frame.delta), 'base64'));
    return frame.type === 'response.done';
  });
  const { status } = done.response as { status: string };
  if (status !== 'completed') throw new Failure(`response-${status}`, JSON.stringify(done.response));
  return { words, spoken: Buffer.concat(spoken) };
}

/** Says what is not let through, is told so, and goes on. */
export function rudeTalk(trip: Trip): Promise<string> {
  return inTalk(trip, '/text-chat?dialect=ga', async (talk) => {
    talk.say({ type: 'session.update', event_id: 'mine', session: { type: 'realtime', tools: [] } });
    talk.say({ type: 'session.dream', event_id: 'mine' });
    for (let refusal = 0; refusal < 2; refusal += 1) {
      const frame = await talk.next(({ type, error }) => {
        return type === 'error' && (error as { event_id?: string }).event_id === 'mine';
      });
      if (frame.type !== 'error') throw new WrongAnswer(`not refused: ${JSON.stringify(frame)}`);
    }
    const text = trip.words(3);
    const content = [{ type: 'input_text', text }];
    talk.say({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } });
    talk.say({ type: 'response.create' });
    const { words } = await answerIn(talk, 'ga');
    if (words !== answerTo(text)) throw new WrongAnswer(`asked ${text}; got ${words}`);
  });
}

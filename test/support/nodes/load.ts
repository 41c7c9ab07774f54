/** Steady mixed load: texts, recordings and streams, in sessions and without, every answer held against what was asked. */
import { post } from '../gateway.js';
import { eventually } from '../programs.js';
import { wavAtRate } from '../wav.js';

const SAMPLE_RATE = 24_000;
/** What ffmpeg has to convert. */
const OTHER_RATE = 8_000;
const LIMIT_MS = 20_000;
/** Nobody reads more of them. */
const MAX_FAILURES = 100;

type Kind = 'text' | 'session' | 'audio' | 'stream';
const KINDS: readonly Kind[] = ['text', 'session', 'stream', 'audio'];

export class Load {
  /** One sentence for each request that failed, or got what another should have got. */
  readonly failures: string[] = [];
  readonly #url: string;
  readonly #sessions: readonly string[];
  readonly #done: Record<Kind, number> = { text: 0, session: 0, audio: 0, stream: 0 };
  readonly #durationsMs: number[] = [];
  #isOver = false;
  #started = 0;
  #clients: Promise<void>[] = [];

  private constructor(url: string, sessions: readonly string[]) {
    this.#url = `${url}/api/realtime/translate`;
    this.#sessions = sessions;
  }

  /** @param clients each sends its next request when the last is answered. */
  static async start(url: string, clients: number): Promise<Load> {
    const sessions = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const made = await post(`${url}/api/realtime/sessions`, { target: 'es' });
        return ((await made.json()) as { connectId: string }).connectId;
      }),
    );
    const load = new Load(url, sessions);
    load.#clients = Array.from({ length: clients }, () => load.#client());
    return load;
  }

  /** Requests that were answered rightly. */
  get count(): number {
    return Object.values(this.#done).reduce((sum, each) => sum + each, 0);
  }

  get figures(): object {
    const sorted = [...this.#durationsMs].sort((one, other) => one - other);
    const at = (share: number): number => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
    return {
      ...{ requests: this.#started, ...this.#done, failures: this.failures.length },
      ...{ p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) },
    };
  }

  /** Resolves once `count` more requests have been answered. */
  async untilMore(count: number): Promise<void> {
    const enough = this.count + count;
    await eventually(
      () => this.count,
      (seen) => seen >= enough,
      30_000,
    );
  }

  /** No new request; resolves when the last has ended. */
  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#clients);
  }

  async #client(): Promise<void> {
    while (!this.#isOver && this.failures.length < MAX_FAILURES) {
      const number = (this.#started += 1);
      const kind = KINDS[number % KINDS.length] ?? 'text';
      const from = performance.now();
      const failure = await this.#ask(kind, number).catch((error: unknown) => `${kind}: ${tell(error)}`);
      if (failure === undefined) {
        this.#done[kind] += 1;
        this.#durationsMs.push(performance.now() - from);
      } else this.failures.push(failure);
    }
  }

  async #ask(kind: Kind, number: number): Promise<string | undefined> {
    const signal = AbortSignal.timeout(LIMIT_MS);
    if (kind === 'audio') return await this.#askAloud(number, signal);
    const text = `sentence number ${number} of many`;
    const connectId = kind === 'session' ? this.#sessions[number % this.#sessions.length] : undefined;
    const body = {
      ...{ text, stream: kind === 'stream' },
      ...(connectId !== undefined && { connectId }),
    };
    const response = await post(this.#url, body, { signal });
    if (response.status !== 200) return `${kind}: ${response.status} ${await response.text()}`;
    if (kind === 'stream') return await readStream(response, text);
    const answer = (await response.json()) as { text: string; connectId: string };
    if (answer.text !== text) return `${kind}: asked ${text}, got ${answer.text}`;
    if (connectId !== undefined && answer.connectId !== connectId) return `${kind}: another session`;
    return undefined;
  }

  /** The length of the recording is what tells it from others. */
  async #askAloud(number: number, signal: AbortSignal): Promise<string | undefined> {
    const durationMs = 100 + 10 * (number % 50);
    const rate = number % 8 === 3 ? SAMPLE_RATE : OTHER_RATE;
    const wav = wavAtRate(Buffer.alloc((durationMs * rate * 2) / 1_000, 7), rate);
    const form = new FormData();
    form.append('file', new Blob([new Uint8Array(wav)]), 'r.wav');
    const response = await fetch(this.#url, { method: 'POST', body: form, signal });
    if (response.status !== 200) return `audio: ${response.status} ${await response.text()}`;
    const { text } = (await response.json()) as { text: string };
    return text === `${durationMs} ms of audio` ? undefined : `audio: sent ${durationMs} ms, got ${text}`;
  }
}

async function readStream(response: Response, text: string): Promise<string | undefined> {
  let seen: string;
  try {
    seen = await response.text();
  } catch (error) {
    return `stream broken off: ${tell(error)}`;
  }
  const events = [...seen.matchAll(/^event: (\S+)\ndata: (.*)$/gm)].map(([, name = '', data = '']) => ({
    name,
    data: JSON.parse(data) as { text?: string },
  }));
  const last = events.at(-1);
  if (last?.name !== 'translation.done') return `stream ended with ${last?.name ?? 'nothing'}`;
  return last.data.text === text ? undefined : `stream: asked ${text}, got ${last.data.text ?? 'nothing'}`;
}

function tell(error: unknown): string {
  const { name, message, cause } = error as Error;
  return `${name} ${message} ${cause instanceof Object ? JSON.stringify(cause) : ''}`;
}

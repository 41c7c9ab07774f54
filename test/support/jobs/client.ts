/** A client of jobs, and recordings of which every segment is told apart by its length. */
import { setTimeout as wait } from 'node:timers/promises';
import { BYTES_PER_MS } from '../../../src/audio/pcm.js';
import { encodeWav } from '../../../src/audio/wav/wav.js';
import { speakSamples } from '../speech.js';

export interface JobJson {
  readonly jobId: string;
  readonly state: string;
  readonly durationMs: number | null;
  readonly processedMs: number;
  readonly segments: number;
  readonly failedSegments: number;
  readonly targets: (string | null)[];
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly problem?: { readonly code: string; readonly detail: string };
  readonly results: readonly {
    readonly target: string | null;
    readonly format: string;
    readonly href: string;
  }[];
}

export interface SentEvent {
  readonly id?: string;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

const GAP_MS = 1_500;
const SHORTEST_MS = 1_400;
/** Apart enough for the detector's frames of 10 ms. */
const STEP_MS = 60;

/** WAV of so many segments; the speech of each is 60 ms longer than that of the one before. */
export async function recordingOf(segments: number): Promise<Buffer> {
  const words = await speakSamples(
    'the quick brown fox jumps over the lazy dog and runs along the river until the evening comes and all the ' +
      'other animals have gone to sleep among the tall trees of the forest',
  );
  const gap = Buffer.alloc(GAP_MS * BYTES_PER_MS);
  const parts = Array.from({ length: segments }, (_, index) => [
    words.subarray(400 * BYTES_PER_MS, (400 + SHORTEST_MS + STEP_MS * (index % 80)) * BYTES_PER_MS),
    gap,
  ]);
  return encodeWav(Buffer.concat([gap, ...parts.flat()]));
}

export class JobClient {
  readonly #url: string;
  readonly #headers: Record<string, string>;

  constructor(url: string, key?: string) {
    this.#url = url;
    this.#headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  }

  ask(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { ...this.#headers, ...(init.headers as Record<string, string> | undefined) };
    return fetch(`${this.#url}${path}`, { ...init, headers });
  }

  post(recording: Buffer, fields: Record<string, string> = {}, headers = {}): Promise<Response> {
    const body = new FormData();
    for (const [name, value] of Object.entries({ source: 'en', target: 'es', ...fields }))
      body.append(name, value);
    body.append('file', new Blob([new Uint8Array(recording)]), 'recording.wav');
    return this.ask('/api/realtime/jobs', { method: 'POST', body, headers });
  }

  async create(recording: Buffer, fields: Record<string, string> = {}): Promise<JobJson> {
    const response = await this.post(recording, fields);
    if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`);
    return (await response.json()) as JobJson;
  }

  async get(jobId: string): Promise<JobJson> {
    const response = await this.ask(`/api/realtime/jobs/${jobId}`);
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
    return (await response.json()) as JobJson;
  }

  /** Resolves once the job is as wanted; the service may be away meanwhile. */
  async until(jobId: string, isSo: (job: JobJson) => boolean, withinMs = 60_000): Promise<JobJson> {
    const deadline = Date.now() + withinMs;
    let last: unknown;
    while (Date.now() < deadline) {
      try {
        const job = await this.get(jobId);
        if (isSo(job)) return job;
        last = job;
      } catch (error) {
        last = error;
      }
      await wait(25);
    }
    throw new Error(`The job is not as wanted after ${withinMs} ms: ${JSON.stringify(last)} ${String(last)}`);
  }

  completed(jobId: string, withinMs?: number): Promise<JobJson> {
    return this.until(jobId, ({ state }) => state === 'completed' || state === 'failed', withinMs);
  }

  async result(jobId: string, query = ''): Promise<string> {
    const response = await this.ask(`/api/realtime/jobs/${jobId}/result${query}`);
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${response.status} ${text}`);
    return text;
  }

  /** Yields the events of a job until its stream closes. */
  async *events(jobId: string, lastEventId?: string, signal?: AbortSignal): AsyncGenerator<SentEvent> {
    const response = await this.ask(`/api/realtime/jobs/${jobId}/events`, {
      ...(lastEventId !== undefined && { headers: { 'last-event-id': lastEventId } }),
      ...(signal && { signal }),
    });
    let rest = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) if (!block.startsWith(':')) yield readEvent(block);
    }
  }
}

function readEvent(block: string): SentEvent {
  const lines = new Map(
    block.split('\n').map((line): [string, string] => {
      const at = line.indexOf(': ');
      return [line.slice(0, at), line.slice(at + 2)];
    }),
  );
  const id = lines.get('id');
  return {
    ...(id !== undefined && { id }),
    event: lines.get('event') ?? '',
    data: JSON.parse(lines.get('data') ?? '{}') as Record<string, unknown>,
  };
}

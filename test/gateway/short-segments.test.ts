/** A recording of at most 30 s whose words are wanted: in segments, and as fast and as complete as one piece. */
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { BYTES_PER_MS } from '../../src/audio/pcm.js';
import { encodeWav } from '../../src/audio/wav/wav.js';
import type { ResponderRequest } from '../../src/offline/server/responder.js';
import { post, startBeforeScript, type Running } from '../support/gateway.js';
import { babble, hum, silence } from '../support/offline-audio.js';
import { requestFault, type Script } from '../support/offline.js';
import { eventsOf, sendRecording, speakSentences, type SpokenSentences } from '../support/sentences.js';

type Service = Running & { script: Script };

const SENTENCES = ['I live in a small house with my family.', 'We have two dogs and three cats.'];
const WITH_WORDS = { target: 'es', transcript: 'true' };
const STREAM = { ...WITH_WORDS, stream: 'true' };

let spoken: SpokenSentences;
beforeAll(async () => {
  spoken = await speakSentences(SENTENCES, 5);
});

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

async function start(env: Record<string, string> = {}, answer = told): Promise<Service> {
  const running = await startBeforeScript(env, { answer });
  opened.push(running);
  return running;
}

/** What the script answers: for whom, and the length of what it hears in tenths of a second. */
function told({ metadata, items }: ResponderRequest): string {
  const part = items.at(-1)?.parts.at(-1);
  const tenths = part?.type === 'audio' ? Math.round((part.audio?.length ?? 0) / 4800) : 0;
  return metadata.task === 'transcribe' ? `words of ${tenths}` : `translation of ${tenths}`;
}

const isTranscript = ({ metadata }: { metadata: Readonly<Record<string, string>> }): boolean =>
  metadata.task === 'transcribe';
const isTranslation = (asked: { metadata: Readonly<Record<string, string>> }): boolean =>
  !isTranscript(asked);

interface Answer {
  readonly text: string;
  readonly transcript?: string;
  readonly warnings?: { code: string }[];
  readonly usage: { inputAudioMs: number; totalTokens: number };
}

const ask = async (
  { url }: Service,
  fields: Record<string, string>,
  pcm = spoken.pcm,
  init: RequestInit = {},
): Promise<Response> => sendRecording(url, encodeWav(pcm), fields, init);

const eventsFor = async (running: Service, fields: Record<string, string> = STREAM, pcm = spoken.pcm) =>
  eventsOf(await (await ask(running, fields, pcm)).text());

/** What a client has that puts the deltas together. */
const sentText = (events: ReturnType<typeof eventsOf>): string =>
  events
    .filter(({ event }) => event === 'translation.text.delta')
    .map(({ data }) => data.delta)
    .join('');

/** Reads a stream until this is in it. */
async function readUntil(response: Response, wanted: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.includes(wanted)) return text;
  }
  throw new Error(`The stream ended without ${wanted}: ${text}`);
}

describe('a short recording with its words', () => {
  it('goes in segments without the silence between them, as JSON', async () => {
    const running = await start();
    const answer = (await (await ask(running, WITH_WORDS)).json()) as Answer;
    expect(running.script.requestCount).toBe(4);
    const [first = '', second = ''] = answer.text.split('\n');
    expect(answer.text).toMatch(/^translation of \d+\ntranslation of \d+$/);
    expect(answer.transcript).toBe(answer.text.replaceAll('translation', 'words'));
    const tenths = [first, second].map((line) => Number(/\d+/.exec(line)?.[0]));
    for (const heard of tenths) expect(heard).toBeLessThan(40);
    expect(answer.usage.inputAudioMs).toBe(spoken.durationMs);
    expect(answer.usage.totalTokens).toBeGreaterThan(0);
  });

  it('has an event for each segment with its words, and one at the end of its progress', async () => {
    const events = await eventsFor(await start());
    expect(events[0]?.event).toBe('translation.started');
    const segments = events.filter(({ event }) => event === 'translation.segment').map(({ data }) => data);
    expect(segments).toEqual(
      [0, 1].map((index) => ({
        ...{ index, target: 'es', start: expect.any(Number), end: expect.any(Number) },
        ...{ text: expect.stringMatching(/^translation of/), source: expect.stringMatching(/^words of/) },
      })),
    );
    const progress = events.filter(({ event }) => event === 'translation.progress').at(-1)?.data;
    expect(progress).toEqual({ processedMs: spoken.durationMs, totalMs: spoken.durationMs });
    const deltas = events
      .filter(({ event }) => event === 'translation.text.delta')
      .map(({ data }) => data.delta);
    expect(deltas.length).toBeGreaterThan(4);
    expect(deltas.join('')).toBe(events.at(-1)?.data.text);
  });

  it('is streamed word by word, the first segment before it is complete and the second once it is', async () => {
    const running = await start();
    running.script.requests.when(isTranslation, requestFault.hang({ after: 2 }));
    const leave = new AbortController();
    const text = await readUntil(await ask(running, STREAM, undefined, { signal: leave.signal }), 'of');
    expect(eventsOf(text).map(({ event }) => event)).toEqual([
      'translation.started',
      'translation.text.delta',
      'translation.text.delta',
    ]);
    leave.abort();
    await running.script.until(() => running.script.answering === 0);
  });

  it('is asked again where an answer fails, and sends only what continues the words that were sent', async () => {
    const running = await start();
    for (const after of [0, 2]) {
      const before = running.script.requestCount;
      running.script.requests.next(requestFault.fail('server_error', { after }));
      const events = await eventsFor(running);
      expect(events.at(-1)).toMatchObject({
        event: 'translation.done',
        data: { text: expect.stringMatching(/^translation of \d+\ntranslation of \d+$/) },
      });
      expect(events.at(-1)?.data).not.toHaveProperty('warnings');
      expect(sentText(events)).toBe(events.at(-1)?.data.text);
      expect(running.script.requestCount - before).toBe(5);
    }
  });

  it('has the whole text in a line of its own where it does not continue the words that were sent', async () => {
    let isFirst = true;
    const running = await start({}, (asked) => {
      if (!isFirst || isTranscript(asked)) return told(asked);
      isFirst = false;
      return 'Once upon a time';
    });
    running.script.requests.when(isTranslation, requestFault.fail('server_error', { after: 2 }), 1);
    const events = await eventsFor(running);
    const text = expect.stringMatching(/^Once upon\ntranslation of \d+\n/) as unknown;
    expect(events.at(-1)).toMatchObject({
      event: 'translation.done',
      data: { text, warnings: [{ code: 'restarted', detail: expect.stringMatching(/^Segment 0: /) }] },
    });
    expect(sentText(events)).toBe(events.at(-1)?.data.text);
    expect(events.find(({ event }) => event === 'translation.segment')?.data.text).toMatch(
      /^Once upon\ntranslation of \d+$/,
    );
  });

  it('keeps the words that were sent of a segment that fails twice, and the rest of the recording', async () => {
    const running = await start();
    const { script } = running;
    const failure = requestFault.fail('server_error', { after: 2 });
    script.requests.when(isTranslation, failure, 1);
    const answered = eventsFor(running);
    await script.until(() => script.requestCount === 4);
    script.requests.when(isTranslation, failure, 1);
    const events = await answered;
    expect(events.at(-1)).toMatchObject({
      event: 'translation.done',
      data: {
        text: expect.stringMatching(/^translation of\ntranslation of \d+$/),
        warnings: [{ code: 'segment-failed', detail: expect.stringMatching(/^Segment 0: upstream-un/) }],
      },
    });
    expect(sentText(events)).toBe(events.at(-1)?.data.text);
    expect(script.requestCount).toBe(5);
  });

  it('ends in an error with the text so far where every segment fails', async () => {
    const running = await start();
    running.script.requests.when(isTranslation, requestFault.fail('server_error', { after: 2 }));
    const events = await eventsFor(running);
    expect(events.at(-1)).toMatchObject({
      event: 'error',
      data: { code: 'upstream-unavailable', partial: expect.stringMatching(/^translation of/) },
    });
    expect(sentText(events)).toBe(events.at(-1)?.data.partial);
    await running.script.until(() => running.script.answering === 0);
  });

  it('is answered with its translation where only the words of a segment fail', async () => {
    const running = await start();
    running.script.requests.when(isTranscript, requestFault.fail('server_error'));
    const done = (await eventsFor(running)).at(-1);
    expect(done?.data).toMatchObject({
      text: expect.stringMatching(/^translation of \d+\ntranslation of \d+$/),
      warnings: [0, 1].map((index) => ({
        code: 'transcript-failed',
        detail: expect.stringMatching(new RegExp(`^Segment ${index}: upstream-unavailable: `)),
      })),
    });
    expect(done?.data).not.toHaveProperty('transcript');
  });

  it('is spoken in one piece, as WAV and as a stream, with its words', async () => {
    const running = await start();
    const wav = await ask(running, WITH_WORDS, undefined, { headers: { Accept: 'audio/wav' } });
    expect(wav.headers.get('Content-Type')).toBe('audio/wav');
    expect(Buffer.from(await wav.arrayBuffer()).toString('latin1', 0, 4)).toBe('RIFF');
    expect(decodeURIComponent(wav.headers.get('X-Translation-Transcript') ?? '')).toBe('words of 110');
    expect(running.script.requestCount).toBe(2);
    const events = await eventsFor(running, { ...STREAM, output: 'audio' });
    expect(events.some(({ event }) => event === 'translation.audio.delta')).toBe(true);
    expect(events.at(-1)?.data).toMatchObject({ text: 'translation of 110', transcript: 'words of 110' });
  });

  it.each([
    ['silence', silence(3_000)],
    ['a hum', hum(20_000, -20)],
  ])('is two empty texts where it is %s, and nothing is asked for', async (_what, pcm) => {
    const running = await start();
    const answer = (await (await ask(running, WITH_WORDS, pcm)).json()) as Answer;
    expect(answer).toMatchObject({ text: '', transcript: '' });
    const events = await eventsFor(running, STREAM, pcm);
    expect(events.at(-1)?.data).toMatchObject({ text: '', transcript: '' });
    expect(running.script.requestCount).toBe(0);
  });

  it('is heard where it is one word of 200 ms', async () => {
    const running = await start();
    const word = Buffer.concat([silence(400), babble(200), silence(400)]);
    const answer = (await (await ask(running, WITH_WORDS, word)).json()) as Answer;
    expect([answer.text, answer.transcript]).toEqual([
      expect.stringMatching(/^translation of [5-7]$/),
      expect.stringMatching(/^words of [5-7]$/),
    ]);
  });

  it('uses the prompt of its session for each segment, and its languages', async () => {
    const running = await start();
    const sessions = `${running.url}/api/realtime/sessions`;
    const profile = { prompt: 'Sing it.', source: 'en', target: 'fr' };
    const { connectId } = (await (await post(sessions, profile)).json()) as { connectId: string };
    const answer = (await (await ask(running, { connectId, transcript: 'true' })).json()) as Answer;
    expect(answer).toMatchObject({ connectId, source: 'en', target: 'fr' });
    const translations = running.script.asked.filter(isTranslation);
    expect(translations).toHaveLength(2);
    for (const { items, metadata } of translations) {
      expect(items[0]?.parts[0]).toMatchObject({ text: 'Sing it.' });
      expect(metadata).toMatchObject({ source_language: 'en', target_language: 'fr' });
    }
    expect(await (await fetch(`${sessions}/${connectId}`)).json()).toMatchObject({ requests: 1 });
  });

  it('does not wait for a long recording that has all places of JOB_PARALLEL', async () => {
    const running = await start({ JOB_PARALLEL: '2' });
    const { script } = running;
    const leave = new AbortController();
    script.requests.when(isTranslation, requestFault.hang());
    const long = Buffer.concat([spoken.pcm, spoken.pcm, Buffer.alloc(10_000 * BYTES_PER_MS)]);
    const waiting = ask(running, { target: 'es' }, long, { signal: leave.signal });
    await script.until(() => script.requestCount === 2);
    script.requests.clear();
    expect(((await (await ask(running, WITH_WORDS)).json()) as Answer).text).toMatch(/^translation/);
    expect(script.answering).toBe(2);
    leave.abort();
    await expect(waiting).rejects.toThrow();
    await script.until(() => script.answering === 0);
  });
});

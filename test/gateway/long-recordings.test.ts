/** Recordings in segments through the whole service: formats, languages, streams, failures, and that nothing is left. */
import { readFile } from 'node:fs/promises';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeWav } from '../../src/audio/wav/wav.js';
import type { ResponderRequest } from '../../src/offline/server/responder.js';
import { record, workshop } from '../support/audio/recordings.js';
import { mountSmallDisk } from '../support/small-disk.js';
import { post, startBeforeScript, startGateway, type Running } from '../support/gateway.js';
import { requestFault, type Script } from '../support/offline.js';
import { eventually } from '../support/pool.js';
import {
  eventsOf,
  makeFilm,
  sendRecording,
  speakSentences,
  type SpokenSentences,
} from '../support/sentences.js';
import { parseWithMediaCaptions, parseWithPlussub } from '../support/subtitles/parsers.js';
import { filesIn } from '../support/files-in.js';

const SENTENCES = ['I live in a small house with my family.', 'We have two dogs and three cats.'];

const files = workshop();
let short: SpokenSentences;
let long: SpokenSentences;
beforeAll(async () => {
  short = await speakSentences(SENTENCES, 5);
  long = await speakSentences([...SENTENCES, ...SENTENCES], 10);
});

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

async function start(
  answer: (request: ResponderRequest) => string | Promise<string>,
  env: Record<string, string> = {},
): Promise<Running & { script: Script }> {
  const running = await startBeforeScript(env, { answer });
  opened.push(running);
  return running;
}

/** What the script answers: its language, and how many milliseconds it hears. */
function told({ metadata, items }: ResponderRequest): string {
  const part = items.at(-1)?.parts.at(-1);
  const ms = part?.type === 'audio' ? Math.round((part.audio?.length ?? 0) / 48) : 0;
  return metadata.task === 'transcribe' ? `words of ${ms}` : `${metadata.target_language ?? '?'} of ${ms}`;
}

const wavOf = ({ pcm }: SpokenSentences): Buffer => encodeWav(pcm);

/** 24 kHz as 8 kHz; what aliases does not matter here. */
function everyThirdSample(pcm: Buffer): Buffer {
  const samples = Buffer.alloc(2 * Math.floor(pcm.length / 6));
  for (let at = 0; at < samples.length; at += 2) pcm.copy(samples, at, 3 * at, 3 * at + 2);
  return samples;
}

interface Verbose {
  readonly text: string;
  readonly transcript?: string;
  readonly duration: number;
  readonly language: string;
  readonly segments: { index: number; start: number; end: number; text: string; source?: string }[];
  readonly translations?: { target: string; text: string; segments?: unknown[] }[];
  readonly warnings?: { code: string; detail: string }[];
  readonly usage: { inputAudioMs: number; totalTokens: number };
}

describe('a recording longer than 30 s', () => {
  it('is translated in segments, and answered as JSON with one line for each', async () => {
    const { url, script, uploads } = await start(told);
    const response = await sendRecording(url, wavOf(long), { target: 'es' });
    const { text, usage } = (await response.json()) as Verbose;
    expect(response.status).toBe(200);
    expect(text.split('\n')).toHaveLength(4);
    expect(usage.inputAudioMs).toBe(long.durationMs);
    expect(script.requestCount).toBe(4);
    expect(await uploads()).toEqual([]);
  });

  it('is the same as one of a telephone, which has so few bytes that it stays in memory', async () => {
    const { url, uploads } = await start(told);
    const telephone = encodeWav(everyThirdSample(long.pcm), 8_000);
    expect(telephone.length).toBeLessThan(1_000_000);
    const response = await sendRecording(url, telephone, { target: 'es', format: 'verbose_json' });
    const { segments } = (await response.json()) as Verbose;
    expect(segments.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    for (const [at, { start }] of segments.entries())
      expect(Math.abs(1000 * start - (long.startsMs[at] ?? 0))).toBeLessThan(250);
    expect(await uploads()).toEqual([]);
  });

  it('has its segments where speech is, with its words, in verbose_json', async () => {
    const { url } = await start(told);
    const fields = { target: 'es', source: 'en', format: 'verbose_json', transcript: 'true' };
    const body = (await (await sendRecording(url, wavOf(long), fields)).json()) as Verbose;
    expect(body).toMatchObject({ task: 'translate', language: 'es', duration: long.durationMs / 1000 });
    expect(body.segments.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    for (const [at, segment] of body.segments.entries()) {
      expect(Math.abs(1000 * segment.start - (long.startsMs[at] ?? 0))).toBeLessThan(250);
      expect(segment.source).toMatch(/^words of \d+$/);
      expect(segment.text).toMatch(/^es of \d+$/);
    }
    expect(body.transcript?.split('\n')).toHaveLength(4);
  });

  it('is streamed segment by segment, in order, though the first takes longest', async () => {
    const running = await start(async (request) => {
      if (running.script.requestCount === 1) await new Promise((resolve) => setTimeout(resolve, 100));
      return told(request);
    });
    const response = await sendRecording(running.url, wavOf(long), { target: ['es', 'fr'], stream: 'true' });
    const events = eventsOf(await response.text());
    expect(events[0]?.event).toBe('translation.started');
    const segments = events.filter(({ event }) => event === 'translation.segment').map(({ data }) => data);
    expect(segments.map(({ index, target }) => `${String(index)} ${String(target)}`)).toEqual(
      [0, 1, 2, 3].flatMap((index) => [`${index} es`, `${index} fr`]),
    );
    const done = events.at(-1);
    expect(done?.event).toBe('translation.done');
    const deltas = events.filter(({ event }) => event === 'translation.text.delta');
    expect(deltas.map(({ data }) => data.delta).join('')).toBe(done?.data.text);
    expect(events.filter(({ event }) => event === 'translation.progress').at(-1)?.data).toEqual({
      processedMs: long.durationMs,
      totalMs: long.durationMs,
    });
  });

  it('is 413 with its limit where MAX_AUDIO_SECONDS or MAX_RECORDING_SECONDS says so', async () => {
    for (const name of ['MAX_AUDIO_SECONDS', 'MAX_RECORDING_SECONDS']) {
      const { url, script, uploads } = await start(told, { [name]: '35' });
      const response = await sendRecording(url, wavOf(long), { target: 'es' });
      expect(response.status).toBe(413);
      const problem = (await response.json()) as { code: string; detail: string };
      expect(problem.code).toBe('audio-too-long');
      expect(problem.detail).toContain('35 s');
      expect(script.requestCount).toBe(0);
      expect(await uploads()).toEqual([]);
    }
  });

  it('costs a point for each 10 s of the sound of its segments, words and languages counted', async () => {
    const { url } = await start(told, { RATE_LIMIT_PER_MINUTE: '1000' });
    const left = (response: Response): number =>
      Number(/r=(\d+)/.exec(response.headers.get('RateLimit') ?? '')?.[1]);
    const fields = { target: ['es', 'fr'], transcript: 'true', format: 'verbose_json' };
    const response = await sendRecording(url, wavOf(long), fields);
    const { segments } = (await response.json()) as Verbose;
    const soundS = segments.reduce((sum, { start, end }) => sum + end - start + 0.4, 0);
    expect(left(response)).toBe(1000 - 1 - Math.floor((3 * soundS) / 10));
  });

  it('keeps what could be translated where a segment fails, with a warning', async () => {
    const { url, script } = await start(told);
    const isSecond = ({ number }: { number: number }): boolean => number === 2 || number === 5;
    script.requests.when(isSecond, requestFault.fail('server_error'));
    const body = (await (
      await sendRecording(url, wavOf(long), { target: 'es', format: 'verbose_json' })
    ).json()) as Verbose;
    expect(body.segments.map(({ text }) => text === '')).toEqual([false, true, false, false]);
    expect(body.warnings).toEqual([
      {
        code: 'segment-failed',
        detail: expect.stringMatching(/^Segment 1: upstream-unavailable: /) as unknown,
      },
    ]);
  });

  it('fails where all segments fail, and at once where upstream refuses', async () => {
    const { url, script, uploads } = await start(told);
    script.requests.every(requestFault.fail('server_error'));
    expect((await sendRecording(url, wavOf(long), { target: 'es' })).status).toBe(502);
    script.requests.clear();
    script.requests.every(requestFault.requestError('invalid_value'));
    const refused = await sendRecording(url, wavOf(long), { target: 'es' });
    expect(((await refused.json()) as { code: string }).code).toBe('upstream-rejected');
    expect(await uploads()).toEqual([]);
  });

  it('has the text so far in the error that ends it', async () => {
    const { url, script } = await start(told, { JOB_PARALLEL: '1' });
    for (const stream of ['false', 'true']) {
      const before = script.requestCount;
      script.requests.clear();
      script.requests.when(({ number }) => number === before + 3, requestFault.requestError('invalid_value'));
      const response = await sendRecording(url, wavOf(long), { target: 'es', stream });
      const text = await response.text();
      expect(stream === 'true' ? eventsOf(text).at(-1)?.data : JSON.parse(text)).toMatchObject({
        ...{ status: 502, code: 'upstream-rejected' },
        partial: expect.stringMatching(/^es of \d+\nes of \d+$/),
      });
    }
  });

  it('uses a session as any translation does: named, counted, and ended with 410 when it is deleted', async () => {
    const { url, script } = await start(told);
    const sessions = `${url}/api/realtime/sessions`;
    const made = (await (await post(sessions, { source: 'en', target: 'es' })).json()) as {
      connectId: string;
    };
    const { connectId } = made;
    const fields = { connectId, target: ['es', 'fr'] };
    const body = (await (await sendRecording(url, wavOf(long), fields)).json()) as Verbose;
    expect(body).toMatchObject({ connectId, source: 'en' });
    expect(body.translations?.map(({ target }) => target)).toEqual(['es', 'fr']);
    expect(await (await fetch(`${sessions}/${connectId}`)).json()).toMatchObject({ requests: 1 });
    expect((await sendRecording(url, wavOf(long), { connectId: 'f'.repeat(32) })).status).toBe(404);

    script.requests.every(requestFault.hang());
    const before = script.requestCount;
    const running = sendRecording(url, wavOf(long), { connectId });
    await script.until(() => script.requestCount === before + 4);
    await fetch(`${sessions}/${connectId}`, { method: 'DELETE' });
    expect((await running).status).toBe(410);
    await script.until(() => script.answering === 0);
  });

  it('is cancelled everywhere when its client leaves', async () => {
    const { url, script, uploads, gateway } = await start(told);
    script.requests.every(requestFault.hang());
    const abort = new AbortController();
    const asking = sendRecording(url, wavOf(long), { target: 'es' }, { signal: abort.signal });
    await script.until(() => script.requestCount === 4);
    abort.abort();
    await expect(asking).rejects.toThrow();
    await script.until(() => script.answering === 0);
    await eventually(() => gateway.stats().pool.running === 0);
    let left: string[] = ['unknown'];
    while (left.length > 0) left = await uploads();
  });
});

describe('on a full disk', () => {
  it('a recording is 507, and nothing of it stays, whether it fills it when it arrives or when it is decoded', async () => {
    const disk = await mountSmallDisk(1);
    if (disk === undefined) return;
    const running = await startBeforeScript({ UPLOAD_DIR: disk.folder }, { answer: told });
    try {
      const wav = await files.write('disk.wav', wavOf(long));
      const packed = await record(files.path('disk.opus'), ['-i', wav], '-c:a', 'libopus', '-b:a', '24k');
      for (const recording of [wavOf(long), await readFile(packed)]) {
        const response = await sendRecording(running.url, recording, { target: 'es' });
        expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
          507,
          'storage-full',
        ]);
        expect(await filesIn(disk.folder)).toEqual([]);
      }
    } finally {
      await running.close();
      await disk.close();
    }
  });
});

describe('a short recording', () => {
  it('goes as one request without segments, and in segments with them', async () => {
    const { url, script } = await start(told);
    const plain = (await (await sendRecording(url, wavOf(short), { target: 'es' })).json()) as Verbose;
    expect(script.requestCount).toBe(1);
    expect(plain).not.toHaveProperty('segments');
    expect(plain.text).toBe(`es of ${short.durationMs}`);
    const verbose = { target: 'es', format: 'verbose_json' };
    const body = (await (await sendRecording(url, wavOf(short), verbose)).json()) as Verbose;
    expect(body.segments).toHaveLength(2);
  });

  it('has one text for each of several targets', async () => {
    const { url } = await start(told);
    const body = (await (await sendRecording(url, wavOf(short), { target: 'es,fr' })).json()) as Verbose;
    expect(body.translations?.map(({ target }) => target)).toEqual(['es', 'fr']);
    expect(body.translations?.[0]?.text).toBe(body.text);
    expect(body.translations?.[1]?.text).toMatch(/^fr of \d+\nfr of \d+$/);
    const prompt = await sendRecording(url, wavOf(short), { target: 'es,fr', prompt: 'Sing.' });
    expect(prompt.status).toBe(400);
  });

  it.each([
    ['srt', 'application/x-subrip', 'application/x-subrip; charset=utf-8'],
    ['vtt', 'text/vtt', 'text/vtt; charset=utf-8'],
    ['text', 'text/plain', 'text/plain; charset=utf-8'],
  ])('is answered as %s by its field and by Accept', async (format, accept, type) => {
    const { url } = await start(told);
    const byField = await sendRecording(url, wavOf(short), { target: 'es', format });
    const init = { headers: { Accept: accept } };
    const byAccept = await sendRecording(url, wavOf(short), { target: 'es' }, init);
    for (const response of [byField, byAccept]) {
      expect(response.headers.get('Content-Type')).toBe(type);
      expect(response.headers.get('X-Connect-Id')).toMatch(/^[0-9a-f]{32}$/);
    }
    const body = await byField.text();
    expect(await byAccept.text()).toBe(body);
    if (format === 'text') expect(body).toMatch(/^es of \d+\nes of \d+\n$/);
    else {
      const cues = parseWithPlussub(body, format as 'srt' | 'vtt');
      expect(cues.map(({ lines }) => lines.join(' '))).toEqual(
        [/^es of/, /^es of/].map((each) => expect.stringMatching(each) as unknown),
      );
      expect(await parseWithMediaCaptions(body, format as 'srt' | 'vtt')).toHaveLength(2);
    }
  });

  it('has the source above the target with subtitles=both', async () => {
    const { url } = await start(told);
    const fields = { target: 'es', format: 'srt', subtitles: 'both' };
    const cues = parseWithPlussub(await (await sendRecording(url, wavOf(short), fields)).text(), 'srt');
    for (const { lines } of cues) {
      expect(lines[0]).toMatch(/^words of/);
      expect(lines[1]).toMatch(/^es of/);
    }
  });

  it('is an empty text, and a file without cues, where nobody speaks', async () => {
    const { url, script } = await start(told);
    const silence = encodeWav(Buffer.alloc(48_000 * 3));
    const body = (await (
      await sendRecording(url, silence, { target: 'es', format: 'verbose_json' })
    ).json()) as Verbose;
    expect(body).toMatchObject({ text: '', segments: [] });
    const stream = await (
      await sendRecording(url, silence, { target: 'es', format: 'verbose_json', stream: 'true' })
    ).text();
    expect(eventsOf(stream).map(({ event }) => event)).toEqual([
      'translation.started',
      'translation.progress',
      'translation.done',
    ]);
    expect(script.requestCount).toBe(0);
  });
});

describe('fields that do not go together', () => {
  const refused: [string, Record<string, string>, string][] = [
    ['subtitles of a text', { text: 'Hello', target: 'es', format: 'srt' }, '/format'],
    ['segments of a text', { text: 'Hello', target: 'es', format: 'verbose_json' }, '/format'],
    ['a choice of subtitles of a text', { text: 'Hello', target: 'es', subtitles: 'both' }, '/subtitles'],
    ['several targets of a text', { text: 'Hello', target: 'es,fr' }, '/target'],
    ['an unknown format', { text: 'Hello', target: 'es', format: 'ass' }, '/format'],
  ];
  it.each(refused)('are refused by name: %s', async (_what, body, pointer) => {
    const { url } = await start(told);
    const response = await post(`${url}/api/realtime/translate`, body);
    expect(response.status).toBe(400);
    expect(((await response.json()) as { errors: { pointer: string }[] }).errors).toMatchObject([
      { pointer },
    ]);
  });

  it.each([
    [{ format: 'srt', target: 'es,fr' }, '/target'],
    [{ format: 'srt', target: 'es', stream: 'true' }, '/format'],
    [{ format: 'vtt', target: 'es', output: 'audio' }, '/format'],
    [{ target: 'es,fr', output: 'audio' }, '/target'],
    [{ target: 'es,xx-notatag-' }, '/target'],
  ])('of a recording are refused by name: %j', async (fields, pointer) => {
    const { url } = await start(told);
    const response = await sendRecording(url, wavOf(short), fields);
    expect(response.status).toBe(400);
    expect(((await response.json()) as { errors: { pointer: string }[] }).errors).toMatchObject([
      { pointer },
    ]);
  });

  it('are a text and an Accept that allows subtitles only', async () => {
    const { url } = await start(told);
    const ask = (accept: string): Promise<Response> =>
      post(`${url}/api/realtime/translate`, { text: 'Hello' }, { headers: { Accept: accept } });
    expect((await ask('text/vtt')).status).toBe(400);
    expect((await ask('text/vtt, application/json;q=0.5')).status).toBe(200);
    const plain = await ask('text/plain');
    expect(await plain.text()).toBe('? of 0\n');
  });
});

describe('before the offline engine', () => {
  it('a film comes back as subtitles of what is said in it, at the time it is said', async () => {
    const running = await startGateway();
    opened.push(running);
    const wav = await files.write('sound.wav', wavOf(long));
    const film = await makeFilm(files.path('film.mp4'), wav, '-c:a', 'aac', '-b:a', '128k');
    const fields = { source: 'en', target: 'es', format: 'srt', subtitles: 'both' };
    const response = await sendRecording(running.url, film, fields);
    expect(response.status).toBe(200);
    const cues = parseWithPlussub(await response.text(), 'srt');
    expect(cues).toHaveLength(4);
    for (const [at, { startMs, lines }] of cues.entries()) {
      expect(Math.abs(startMs - (long.startsMs[at] ?? 0))).toBeLessThan(300);
      expect(lines.join(' ')).toContain(at % 2 === 0 ? 'family' : 'cats');
      expect(lines.join(' ').toLowerCase()).toContain(at % 2 === 0 ? 'familia' : 'gatos');
    }
    expect(await running.uploads()).toEqual([]);
  });
});

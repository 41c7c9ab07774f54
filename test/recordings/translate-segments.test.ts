/** Segments through a real pool, before a scripted upstream: order, context, runs, failures, cancelling. */
import { afterEach, expect, it } from '@jest/globals';
import { BYTES_PER_MS } from '../../src/audio/pcm.js';
import type { SpeechSegment } from '../../src/audio/speech/segment.js';
import { FairSemaphore } from '../../src/recordings/fair-semaphore.js';
import type { SegmentResult } from '../../src/recordings/segment-result.js';
import { inOrder, translateSegments, type SegmentsRequest } from '../../src/recordings/translate-segments.js';
import type { ResponderRequest } from '../../src/offline/server/responder.js';
import { requestFault, type Script } from '../support/offline.js';
import { startPooled, type Pooled } from '../support/pool.js';

let pooled: Pooled | undefined;
afterEach(async () => {
  await pooled?.close();
  pooled = undefined;
});

/** Segment number n lasts n + 1 times 100 ms of sound, by which the script tells them apart. */
function segmentOf(index: number): SpeechSegment {
  const startMs = index * 10_000;
  const endMs = startMs + 5_000;
  return { index, startMs, endMs, fromSample: 0, toSample: (index + 1) * 2_400, pauses: [] };
}

function indexOf(request: ResponderRequest): number {
  const part = request.items.at(-1)?.parts.at(-1);
  return part?.type === 'audio' ? Math.round((part.audio?.length ?? 0) / BYTES_PER_MS / 100) - 1 : -1;
}

/** All text of a request, without its samples. */
function wordsOf({ items }: ResponderRequest): string {
  return items
    .flatMap(({ parts }) => parts)
    .map((part) => (part.type === 'text' ? part.text : ''))
    .join(' | ');
}

const targetOf = ({ metadata }: ResponderRequest): string => metadata.target_language ?? 'words';

async function* firstSegments(count: number): AsyncGenerator<SpeechSegment> {
  for (let index = 0; index < count; index += 1) yield await Promise.resolve(segmentOf(index));
}

const profile = (target: string) => ({ prompt: `To ${target}.`, source: 'en', target, voice: null });

async function start(
  answer: (request: ResponderRequest) => string | Promise<string>,
  options: Parameters<typeof startPooled>[0] = {},
): Promise<Script> {
  pooled = await startPooled({ ...options, scripted: { answer } });
  await pooled.ready();
  return pooled.script;
}

function translate(
  more: Partial<SegmentsRequest> & { slots?: FairSemaphore } = {},
): AsyncGenerator<SegmentResult, void, void> {
  if (pooled === undefined) throw new Error('Nothing is started.');
  const { slots = new FairSemaphore(4), ...request } = more;
  return translateSegments(
    { pool: pooled.pool, slots },
    {
      segments: firstSegments(6),
      readSamples: ({ toSample, fromSample }) => Promise.resolve(Buffer.alloc(2 * (toSample - fromSample))),
      profiles: [profile('es')],
      transcript: false,
      signal: new AbortController().signal,
      ...request,
    },
  );
}

async function all(results: AsyncIterable<SegmentResult>): Promise<SegmentResult[]> {
  const list: SegmentResult[] = [];
  for await (const result of results) list.push(result);
  return list;
}

const texts = (results: readonly SegmentResult[]): string[] =>
  results.map(({ translations }) => translations.map(({ text }) => text).join('/'));

it('yields each segment as it is finished, or all in order, no more at a time than there are slots', async () => {
  let running = 0;
  let most = 0;
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  await start(async (request) => {
    most = Math.max(most, (running += 1));
    if (indexOf(request) === 0) await held;
    running -= 1;
    return `text ${indexOf(request)}`;
  });
  const seen: number[] = [];
  for await (const { index } of translate({ slots: new FairSemaphore(3) })) {
    seen.push(index);
    if (seen.length === 5) release();
  }
  expect(seen.at(-1)).toBe(0);
  expect(most).toBeLessThanOrEqual(3);
  expect(texts(await all(inOrder(translate())))).toEqual([0, 1, 2, 3, 4, 5].map((n) => `text ${n}`));
});

it('tells a segment the last two sentences of the one before, where they are known in time', async () => {
  const script = await start((request) => `One ${indexOf(request)}. Two. Three.`);
  await all(translate({ segments: firstSegments(2), slots: new FairSemaphore(1) }));
  const contexts = script.asked.map(wordsOf);
  expect(contexts[0]).not.toContain('Two. Three.');
  expect(contexts[1]).toContain('Two. Three.');
  expect(contexts[1]).not.toContain('One 0.');
});

it('asks for every target and for the words, and counts every response', async () => {
  await start((request) => `${targetOf(request)} ${indexOf(request)}`);
  let tokens = 0;
  const results = await all(
    inOrder(
      translate({
        segments: firstSegments(2),
        profiles: [profile('es'), profile('fr')],
        transcript: true,
        onResponse: ({ usage }) => (tokens += usage?.totalTokens ?? 0),
      }),
    ),
  );
  expect(results.map(({ source, translations }) => [source, ...translations])).toEqual([
    ['words 0', { target: 'es', text: 'es 0' }, { target: 'fr', text: 'fr 0' }],
    ['words 1', { target: 'es', text: 'es 1' }, { target: 'fr', text: 'fr 1' }],
  ]);
  expect(tokens).toBeGreaterThan(0);
});

it('runs a segment that fails once more, and then leaves it empty with a warning', async () => {
  const script = await start((request) => `text ${indexOf(request)}`);
  script.requests.when(({ number }) => number === 1, requestFault.fail('server_error'));
  const [again] = await all(translate({ segments: firstSegments(1) }));
  expect(again).toMatchObject({ translations: [{ text: 'text 0' }], warnings: [] });

  script.requests.clear();
  const before = script.requestCount;
  script.requests.when(({ number }) => number <= before + 2, requestFault.fail('server_error'));
  const slots = new FairSemaphore(1);
  const [failed, next] = await all(inOrder(translate({ segments: firstSegments(2), slots })));
  expect(failed?.translations).toEqual([{ target: 'es', text: '' }]);
  expect(failed?.warnings).toEqual([
    { code: 'segment-failed', detail: expect.stringMatching(/^upstream-unavailable: /) as unknown },
  ]);
  expect(next).toMatchObject({ translations: [{ text: 'text 1' }], warnings: [] });
});

it('fails as its segments did where all of them have failed', async () => {
  const script = await start(() => 'never');
  script.requests.every(requestFault.fail('server_error'));
  const results: SegmentResult[] = [];
  const run = async (): Promise<void> => {
    for await (const result of translate({ segments: firstSegments(3) })) results.push(result);
  };
  await expect(run()).rejects.toMatchObject({ code: 'upstream-unavailable' });
  expect(results).toHaveLength(3);

  // A process that was killed once all of them were stored comes to the same end.
  const done = new Map(results.map((result) => [result.index, result]));
  const before = script.requestCount;
  await expect(all(translate({ segments: firstSegments(3), done }))).rejects.toMatchObject({
    code: 'upstream-unavailable',
    message: expect.stringMatching(/^Every segment has failed\. The first one: upstream-unavailable: /),
  });
  expect(script.requestCount).toBe(before);
});

it('ends at once with a refusal that concerns every segment, and cancels what runs', async () => {
  const script = await start(async (request) => {
    if (indexOf(request) === 0) await new Promise((resolve) => setTimeout(resolve, 300));
    return 'text';
  });
  script.requests.when(({ number }) => number === 3, requestFault.requestError('invalid_value'));
  await expect(all(translate())).rejects.toMatchObject({ code: 'upstream-rejected' });
  expect(pooled?.pool.stats).toMatchObject({ running: 0, waiting: 0 });
  expect(script.requestCount).toBeLessThanOrEqual(6);
});

it('asks once more without context where words repeat themselves, and then warns', async () => {
  const loop = 'go to the house '.repeat(5);
  let heals = true;
  const script = await start((request) => {
    const hasContext = wordsOf(request).includes('Before.');
    if (indexOf(request) === 0) return 'Before.';
    return hasContext || !heals ? loop : 'Once.';
  });
  const slots = new FairSemaphore(1);
  expect(texts(await all(inOrder(translate({ segments: firstSegments(2), slots }))))).toEqual([
    'Before.',
    'Once.',
  ]);
  expect(script.requestCount).toBe(3);
  heals = false;
  const [, second] = await all(inOrder(translate({ segments: firstSegments(2), slots })));
  expect(second?.translations[0]?.text).toBe(loop);
  expect(second?.warnings.map(({ code }) => code)).toEqual(['repetition']);
});

it('asks for no segment that an earlier run has finished', async () => {
  const script = await start((request) => `text ${indexOf(request)}`);
  const [first] = await all(translate({ segments: firstSegments(1) }));
  const before = script.requestCount;
  const done = new Map([[0, { ...first, translations: [{ target: 'es', text: 'kept' }] } as SegmentResult]]);
  expect(texts(await all(inOrder(translate({ segments: firstSegments(2), done }))))).toEqual([
    'kept',
    'text 1',
  ]);
  expect(script.requestCount).toBe(before + 1);
});

it('reads no further ahead than four times the slots while a segment is open', async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  await start(async (request) => {
    if (indexOf(request) === 0) await held;
    return 'text';
  });
  let read = 0;
  async function* counted(): AsyncGenerator<SpeechSegment> {
    for await (const segment of firstSegments(40)) {
      read += 1;
      yield segment;
    }
  }
  let finished = 0;
  for await (const result of translate({ segments: counted(), slots: new FairSemaphore(2) })) {
    finished += 1;
    if (finished === 7) {
      expect(read).toBeLessThanOrEqual(8);
      release();
    }
    expect(result.warnings).toEqual([]);
  }
  expect(finished).toBe(40);
});

it('waits while the pool is busy instead of losing segments', async () => {
  await start(() => 'text', { pool: { maxSockets: 1, maxPerSocket: 1, maxWaiting: 0 } });
  const results = await all(translate({ segments: firstSegments(3), slots: new FairSemaphore(2) }));
  expect(results.flatMap(({ warnings }) => warnings)).toEqual([]);
});

it('leaves nothing running when it is aborted, or its loop is left', async () => {
  const script = await start(() => new Promise<string>(() => undefined));
  const slots = new FairSemaphore(2);
  const abort = new AbortController();
  const running = all(translate({ slots, signal: abort.signal }));
  const reason = new Error('The client has left.');
  void script
    .until(() => script.requestCount === 2)
    .then(() => {
      abort.abort(reason);
    });
  await expect(running).rejects.toBe(reason);
  expect(slots.stats).toEqual({ running: 0, waiting: 0 });
  expect(pooled?.pool.stats).toMatchObject({ running: 0, waiting: 0 });

  script.answer = (request) => (indexOf(request) === 0 ? 'text' : new Promise<string>(() => undefined));
  for await (const { index } of translate({ slots })) {
    expect(index).toBe(0);
    break;
  }
  expect(slots.stats).toEqual({ running: 0, waiting: 0 });
  expect(pooled?.pool.stats).toMatchObject({ running: 0, waiting: 0 });
});

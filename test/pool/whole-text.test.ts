/** Answers without deltas: their text is taken from what repeats it at its end, and no text at all is an error. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { requestFault } from '../support/offline.js';
import { answerOf, asking, chunksOf, failureOf, startPooled, type Pooled } from '../support/pool.js';

let pooled: Pooled;

afterEach(() => pooled.close());

const SENTENCE = 'one two three';
const SILENCE = { question: { pcm: Buffer.alloc(48_000) } };

describe.each(['ga', 'preview'] as const)('an answer without a delta, %s', (dialect) => {
  it.each([
    ['its text', ['text']],
    ['its part', ['part']],
    ['its item', ['item']],
    ['its end', ['response']],
    ['all of these', ['text', 'part', 'item', 'response']],
  ] as const)('has the words that stand in %s, once', async (_what, said) => {
    pooled = await startPooled({ dialect });
    const { pool, script } = pooled;
    script.requests.every(requestFault.wholly(...said));
    for (const output of ['text', 'audio'] as const) {
      const chunks = await chunksOf(pool.request(asking(SENTENCE, { output })));
      expect(chunks.filter(({ type }) => type === 'text')).toEqual([{ type: 'text', delta: SENTENCE }]);
    }
    expect(await answerOf(pool.request(asking('', { question: { pcm: Buffer.alloc(4_800) } })))).toBe(
      '100 ms of audio',
    );
  });

  it('is put together from its parts in their order, whatever else is among them', async () => {
    pooled = await startPooled({ dialect });
    const { pool, script } = pooled;
    script.requests.next({
      sending(peer, event, send) {
        if (event.type !== 'text.delta' && event.type !== 'response.finished' && event.type !== 'text.done') {
          if (event.type === 'response.started') send(event);
          return;
        }
        if (event.type !== 'text.done') return;
        const { responseId } = event;
        const place = { responseId, itemId: '' };
        const item = { role: 'assistant', parts: [{ type: 'text', text: 'three four' }] } as const;
        peer.send({ type: 'output.done', responseId, outputIndex: 1, item });
        peer.send({ type: 'text.done', ...place, outputIndex: 1, contentIndex: 0, text: 'three ' });
        peer.send({ type: 'text.done', ...place, outputIndex: 0, contentIndex: 1, text: 'two ' });
        peer.send({ type: 'text.done', ...place, outputIndex: 0, contentIndex: 0, text: 'one ' });
        send({ type: 'response.finished', response: { id: responseId, status: 'completed', output: [] } });
      },
    });
    expect(await answerOf(pool.request(asking(SENTENCE)))).toBe('one two three four');
  });

  it('has no words twice where there are deltas', async () => {
    pooled = await startPooled({ dialect });
    expect(await answerOf(pooled.pool.request(asking(SENTENCE)))).toBe(SENTENCE);
  });

  it.each(['text', 'audio'] as const)('and without a word fails for a text, as %s', async (output) => {
    pooled = await startPooled({ dialect, scripted: { speech: () => Buffer.alloc(0) } });
    const { pool, script } = pooled;
    script.requests.next(requestFault.wholly());
    const failure = await failureOf(() => pool.request(asking(SENTENCE, { output })));
    expect(failure).toMatchObject({ code: 'translation-incomplete', status: 502, retryable: true });
    expect(failure.message).toContain('without a word');
  });

  it.each(['text', 'audio'] as const)(
    'is the empty translation of a silent recording, as %s',
    async (output) => {
      pooled = await startPooled({ dialect, scripted: { answer: () => '' } });
      const { pool, script } = pooled;
      expect(await answerOf(pool.request(asking('', { ...SILENCE, output })))).toBe('');
      script.requests.next(requestFault.wholly());
      expect(await answerOf(pool.request(asking('', { ...SILENCE, output })))).toBe('');
    },
  );

  it('is the empty translation of a text in which nothing can be seen', async () => {
    pooled = await startPooled({ dialect });
    const { pool, script } = pooled;
    script.requests.every(requestFault.wholly());
    expect(await answerOf(pool.request(asking('\u00ad \u200b')))).toBe('');
  });

  it('and without the sound that was asked for is not whole, and has its words', async () => {
    pooled = await startPooled({ dialect, scripted: { speech: () => Buffer.alloc(0) } });
    const { pool } = pooled;
    for (const question of [{ text: SENTENCE }, SILENCE.question]) {
      const failure = await failureOf(() => pool.request(asking(SENTENCE, { question, output: 'audio' })));
      expect(failure).toMatchObject({ code: 'translation-incomplete', retryable: true });
      expect(failure.partial).not.toBe('');
      expect(failure.message).toContain('sound');
    }
    // What cannot be said aloud lacks no sound.
    expect(await answerOf(pool.request(asking('…', { output: 'audio' })))).toBe('…');
  });
});

/** What a chat server sends is read leniently: the events of its stream, and the text inside them. */
import { describe, expect, it } from '@jest/globals';
import { AnswerFilter, type AnswerFilterOptions } from '../../src/offline/engine/http/answer-filter.js';
import { canonicalLanguage } from '../../src/offline/engine/http/detected-language.js';
import { readEventData } from '../../src/offline/engine/http/event-stream.js';
import { endpointAt, baseOf } from '../../src/offline/engine/http/addresses.js';

const MARKERS: AnswerFilterOptions = { markers: ['<text-1f>', '</text-1f>'], leading: [], stops: [] };

/** Every way to cut the text into pieces of that size gives the same answer. */
function filtered(text: string, options: AnswerFilterOptions = MARKERS): string {
  const results = [1, 2, 3, 5, 8, 1_000].map((size) => {
    const filter = new AnswerFilter(options);
    let answer = '';
    for (let at = 0; at < text.length; at += size) answer += filter.push(text.slice(at, at + size));
    return answer + filter.end();
  });
  expect(new Set(results)).toEqual(new Set([results[0]]));
  return results[0] ?? '';
}

describe('the text of an answer', () => {
  it.each([
    ['blanks around it', '\n\n Hola, mundo. \n', 'Hola, mundo.'],
    ['line feeds inside', 'Uno.\n\n  Dos.', 'Uno.\n\n  Dos.'],
    ['a thought before it', '<think>\nThe user <text> wants…</think>\n\nHola.', 'Hola.'],
    ['a thought that never ends', '<think>So, what', ''],
    ['a thought in its middle, which is text', 'Hola <think>x</think>.', 'Hola <think>x</think>.'],
    ['echoed markers', '<text-1f>\nHola.\n</text-1f>', 'Hola.'],
    ['a marker that was not drawn', 'Hola <text-2e>.', 'Hola <text-2e>.'],
    ['what may begin a marker at its end', 'a < b <tex', 'a < b <tex'],
    ['a thought and then markers', '<think>x</think><text-1f>Hola</text-1f>', 'Hola'],
    ['nothing', '', ''],
  ])('loses what is not the translation: %s', (_what, text, expected) => {
    expect(filtered(text)).toBe(expected);
  });

  it('ends at a stop string, and loses the name of its language at the beginning', () => {
    const options = { markers: [], leading: ['Spanish:'], stops: ['\nEnglish:', '\nSpanish:'] };
    expect(filtered(' Hola.\nEnglish: Bye.\nSpanish: Adiós.', options)).toBe('Hola.');
    expect(filtered('Spanish: Hola.\nY más.', options)).toBe('Hola.\nY más.');
    expect(filtered('Hola.\nEngl', options)).toBe('Hola.\nEngl');
  });

  it('passes on at once what cannot be anything else', () => {
    const filter = new AnswerFilter(MARKERS);
    expect(filter.push('Ho')).toBe('Ho');
    expect(filter.push('la, ')).toBe('la,');
    expect(filter.push('mundo')).toBe(' mundo');
  });
});

describe('an event stream', () => {
  async function read(...chunks: (string | Buffer)[]): Promise<string[]> {
    const data: string[] = [];
    async function* bytes(): AsyncGenerator<Buffer> {
      for (const chunk of chunks) yield await Promise.resolve(Buffer.from(chunk as string));
    }
    for await (const each of readEventData(bytes(), () => new Error('endless'))) data.push(each);
    return data;
  }

  it.each([
    ['LF, and a comment', [': hi\n\ndata: {"a":1}\n\ndata: [DONE]\n\n']],
    ['CR LF', ['data: {"a":1}\r\n\r\ndata: [DONE]\r\n\r\n']],
    ['CR LF, cut between the two', ['data: {"a":1}\r', '\n\r', '\ndata: [DONE]\r', '\n\r\n']],
    ['no blank behind the colon, no empty line, no end', ['data:{"a":1}\ndata:[DONE]']],
    ['other fields', ['event: x\nid: 1\ndata: {"a":1}\nretry: 3\n\ndata: [DONE]\n']],
    ['lines cut anywhere', 'data: {"a":1}\n\ndata: [DONE]\n\n'.match(/[\s\S]/g) ?? []],
  ])('is read with %s', async (_what, chunks) => {
    expect(await read(...chunks)).toEqual(['{"a":1}', '[DONE]']);
  });

  it('keeps a character whose bytes come apart, and takes a line `error:` for data', async () => {
    const bytes = Buffer.from('data: ñ\n\n');
    expect(await read(bytes.subarray(0, 7), bytes.subarray(7))).toEqual(['ñ']);
    expect(await read('error: {"code":500}\n')).toEqual(['{"code":500}']);
  });

  it('refuses a line that never ends', async () => {
    await expect(read('x'.repeat(1_000_001))).rejects.toThrow('endless');
  });
});

it.each([
  ['english', 'en'],
  ['German', 'de'],
  ['EN', 'en'],
  ['pt_br', 'pt-BR'],
  ['yue', 'yue'],
  ['auto', undefined],
  ['unknown', undefined],
  ['', undefined],
  [null, undefined],
  [undefined, undefined],
])('the language that a server calls %j is %j', (told, tag) => {
  expect(canonicalLanguage(told)).toBe(tag);
});

it.each([
  ['http://h/v1', '/audio/speech', 'http://h/v1/audio/speech', 'http://h/v1'],
  ['http://h/v1/', '/chat/completions', 'http://h/v1/chat/completions', 'http://h/v1'],
  ['http://h', '/translate', 'http://h/translate', 'http://h'],
  ['http://h:8080/inference', '/audio/transcriptions', 'http://h:8080/inference', undefined],
  [
    'https://h/a/audio/speech?api-version=1',
    '/audio/speech',
    'https://h/a/audio/speech?api-version=1',
    undefined,
  ],
  ['https://api.deepl.com/v2/translate', '/v2/translate', 'https://api.deepl.com/v2/translate', undefined],
])('%s with %s is %s', (url, path, endpoint, base) => {
  expect(endpointAt(url, path)).toBe(endpoint);
  expect(baseOf(url)).toBe(base);
});

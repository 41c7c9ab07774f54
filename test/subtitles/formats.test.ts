/** SRT and WebVTT as three parsers of others read them back, and the shapes of the other formats. */
import { describe, expect, it } from '@jest/globals';
import type { Cue } from '../../src/subtitles/cue.js';
import { formatSrt, formatText, formatVtt, toVerboseSegment } from '../../src/subtitles/formats.js';
import { parseWithMediaCaptions, parseWithPlussub, parseWithW3c } from '../support/subtitles/parsers.js';

const CUES: Cue[] = [
  { startMs: 0, endMs: 833, source: [], target: ['Yes.'] },
  {
    startMs: 61_050,
    endMs: 62_999,
    source: ['Tom & Jerry <3 you'],
    target: ['«¿Tom y Jerry?»', '- 5 > 3 & 2 < 4'],
  },
  { startMs: 3_599_999, endMs: 3_600_001, source: [], target: ['שלום, מה שלומך?', 'مرحبا بالعالم'] },
  {
    startMs: 36_000_000,
    endMs: 36_002_000,
    source: ['今日は、「いい天気」ですね。'],
    target: ['&amp; &lt;i&gt; 1 --> 2'],
  },
  { startMs: 356_400_007, endMs: 356_401_000, source: [], target: ['1', '00:00:01,000'] },
];
const EXPECTED = CUES.map(({ startMs, endMs, source, target }) => ({
  ...{ startMs, endMs },
  lines: [...source, ...target],
}));

describe('WebVTT', () => {
  const file = formatVtt(CUES, 'es');

  it('is read back whole by the validator of the W3C, without an error', () => {
    expect(parseWithW3c(file)).toEqual(EXPECTED);
  });

  it('is read back whole by media-captions in its strict mode', async () => {
    expect(await parseWithMediaCaptions(file, 'vtt')).toEqual(EXPECTED);
  });

  it('is read back whole by Plussub', () => {
    expect(parseWithPlussub(file, 'vtt')).toEqual(EXPECTED);
  });

  it('names its language in a note, and has neither CR nor a byte order mark', () => {
    expect(file.startsWith('WEBVTT\n\nNOTE lang: es\n\n00:00:00.000 --> 00:00:00.833\nYes.\n\n')).toBe(true);
    expect(file).not.toMatch(/[\r\ufeff]/);
  });

  it('is valid without a cue', () => {
    expect(parseWithW3c(formatVtt([]))).toEqual([]);
    expect(parseWithW3c(formatVtt([], 'zh-Hant'))).toEqual([]);
  });
});

describe('SubRip', () => {
  const file = formatSrt(CUES);

  it('is read back whole by media-captions in its strict mode', async () => {
    expect(await parseWithMediaCaptions(file, 'srt')).toEqual(EXPECTED);
  });

  it('is read back whole by Plussub', () => {
    expect(parseWithPlussub(file, 'srt')).toEqual(EXPECTED);
  });

  it('is numbered from 1, with a comma before the milliseconds, and has neither CR nor a byte order mark', () => {
    expect(file.startsWith('1\n00:00:00,000 --> 00:00:00,833\nYes.\n\n2\n00:01:01,050 --> ')).toBe(true);
    expect(file.endsWith('00:00:01,000\n')).toBe(true);
    expect(file).not.toMatch(/[\r\ufeff]/);
  });
});

it('plain text is one line for each segment with text', () => {
  expect(formatText([{ text: ' One. ' }, { text: '' }, { text: 'Two.' }])).toBe('One.\nTwo.\n');
  expect(formatText([])).toBe('');
});

it('a segment of verbose_json has seconds, and no field that is not known', () => {
  const segment = { index: 3, startMs: 61_050, endMs: 62_007, text: 'Hola.' };
  expect(toVerboseSegment(segment)).toEqual({ index: 3, start: 61.05, end: 62.007, text: 'Hola.' });
  const warnings = [{ code: 'reading-speed', detail: 'Too fast.' }];
  expect(toVerboseSegment({ ...segment, source: 'Hi.', warnings })).toEqual({
    ...{ index: 3, start: 61.05, end: 62.007, text: 'Hola.', source: 'Hi.', warnings },
  });
});

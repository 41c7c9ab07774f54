/** Cues as a reader sees them: where text is split, where lines break, how long cues stand. */
import { describe, expect, it } from '@jest/globals';
import {
  eachCues,
  cuesOfSegment,
  type SubtitleOptions,
  type TranslatedSegment,
} from '../../src/subtitles/cues.js';
import { findImplausibility } from '../../src/subtitles/plausibility.js';

function linesOf(
  text: string,
  target: string,
  endMs = 9_500,
  more: Partial<TranslatedSegment> = {},
): string[][] {
  const segment = { startMs: 0, endMs, pauses: [], text, ...more };
  return cuesOfSegment(segment, { subtitles: 'target', target }, endMs + 3_000, false).cues.map(
    ({ target: lines }) => [...lines],
  );
}

describe('lines', () => {
  it.each([
    [
      'en',
      'I lived in a small house near the river with my friend.',
      ['I lived in a small house', 'near the river with my friend.'],
    ],
    [
      'en',
      'Yesterday evening we were visited by Mister John Smith again',
      ['Yesterday evening we were visited', 'by Mister John Smith again'],
    ],
    [
      'es',
      'Todos los días caminábamos juntos hasta la estación del tren.',
      ['Todos los días caminábamos juntos', 'hasta la estación del tren.'],
    ],
    [
      'de',
      'Wir sind am Morgen zum Bahnhof gegangen, weil es regnete.',
      ['Wir sind am Morgen zum Bahnhof gegangen,', 'weil es regnete.'],
    ],
    ['zh', '我年轻的时候和弟弟住在河边的一座小房子里，', ['我年轻的时候和弟弟住在', '河边的一座小房子里，']],
    [
      'ja',
      '私は若い頃、川の近くの小さな家に弟と一緒に住んでいて、',
      ['私は若い頃、', '川の近くの小さな家に弟と一緒に住んでいて、'],
    ],
  ])('in %s break where they read well: %s', (language, text, expected) => {
    expect(linesOf(text, language)).toEqual([expected]);
  });

  it('break in Thai between words only', () => {
    const words = new Set<string>();
    const text = 'ตอนที่ฉันยังหนุ่มฉันอาศัยอยู่ในบ้านหลังเล็กใกล้แม่น้ำกับพี่ชายของฉัน';
    let end = 0;
    for (const { segment } of new Intl.Segmenter('th', { granularity: 'word' }).segment(text))
      words.add(text.slice(0, (end += segment.length)));
    const lines = linesOf(text, 'th', 6_000).flat();
    expect(lines.length).toBeGreaterThan(1);
    expect(words).toContain(lines[0]);
    expect(lines.join('')).toBe(text);
  });

  it('keep right-to-left text as it is', () => {
    const text = 'עכשיו אני גר בבית קטן ליד הנהר עם אחי הגדול';
    expect(linesOf(text, 'he', 6_000).flat().join(' ')).toBe(text);
  });
});

describe('times', () => {
  it('snap to the pauses of speech, and a short sentence stands alone before a long one', () => {
    const pauses = [{ startMs: 500, endMs: 1_300 }];
    const segment = { startMs: 0, endMs: 2_600, pauses, text: 'Yes. I will come tomorrow.' };
    const { cues } = cuesOfSegment(segment, { subtitles: 'target', target: 'en' }, 9_000, false);
    expect(cues).toEqual([
      { startMs: 0, endMs: 833, source: [], target: ['Yes.'] },
      { startMs: 1_300, endMs: 2_600, source: [], target: ['I will come tomorrow.'] },
    ]);
  });

  it('go on into the silence as long as reading takes, up to 83 ms before the next segment', () => {
    const text = 'This sentence was said much too fast to be read.';
    const options: SubtitleOptions = { subtitles: 'target', target: 'en' };
    const next = { startMs: 2_000, endMs: 4_000, pauses: [], text: 'So was this one.' };
    const [first] = eachCues([{ startMs: 0, endMs: 1_000, pauses: [], text }, next], options, 4_000);
    expect(first?.cues.map(({ endMs }) => endMs)).toEqual([1_917]);
    expect(first?.warnings.map(({ code }) => code)).toEqual(['reading-speed']);
    const [alone] = eachCues([{ startMs: 0, endMs: 1_000, pauses: [], text }], options, 9_000);
    expect(alone).toEqual({
      cues: [{ startMs: 0, endMs: 2_400, source: [], target: [expect.any(String), expect.any(String)] }],
      warnings: [],
    });
  });

  it('are at most 7.007 s, however long the speech', () => {
    const { cues } = cuesOfSegment(
      { startMs: 0, endMs: 20_000, pauses: [], text: 'Slow.' },
      { subtitles: 'target' },
      20_000,
      true,
    );
    expect(cues).toMatchObject([{ startMs: 0, endMs: 7_007 }]);
  });

  it('of both languages are one, source above target, by the limits of each', () => {
    const segment = {
      startMs: 0,
      endMs: 8_000,
      pauses: [],
      text: '我年轻的时候住在河边。天气很冷。',
      source: 'When I was young, I lived by the river. It was cold outside.',
    };
    const { cues } = cuesOfSegment(segment, { subtitles: 'both', source: 'en', target: 'zh' }, 9_000, true);
    expect(cues.map(({ source, target }) => [source.join(' '), target.join('')])).toEqual([
      ['When I was young, I lived by the river.', '我年轻的时候住在河边。'],
      ['It was cold outside.', '天气很冷。'],
    ]);
  });

  it('are none for a segment without text', () => {
    expect([
      ...eachCues([{ startMs: 0, endMs: 900, pauses: [], text: ' \n' }], { subtitles: 'both' }, 900),
    ]).toEqual([{ cues: [], warnings: [] }]);
  });
});

describe('implausible text', () => {
  it.each([
    ['thank you for watching '.repeat(4), 'en', 8_000, 'repetition'],
    ['no '.repeat(16), 'en', 8_000, 'repetition'],
    ['So I said: thank you for watching. '.repeat(3), 'en', 8_000, undefined],
    ['我们明天去北京吧。'.repeat(4), 'zh', 9_000, 'repetition'],
    ['a'.repeat(71), 'en', 2_000, 'too-fast'],
    ['a'.repeat(70), 'en', 2_000, undefined],
    ['', 'en', 0, undefined],
    ['Good morning, how are you today?', 'en', 1_600, undefined],
  ])('%p in %s during %i ms is %p', (text, language, speechMs, expected) => {
    expect(findImplausibility(text, language, speechMs)).toBe(expected);
  });
});

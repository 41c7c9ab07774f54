/** What holds of the cues of any segments with any texts. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Cue } from '../../src/subtitles/cue.js';
import { eachCues, type SubtitleOptions, type TranslatedSegment } from '../../src/subtitles/cues.js';
import { cueFaults } from '../../src/subtitles/faults.js';
import { CUE_GAP_MS, MAX_LINES } from '../../src/subtitles/limits.js';
import { formatSrt, formatVtt } from '../../src/subtitles/formats.js';
import { parseWithMediaCaptions, parseWithPlussub, parseWithW3c } from '../support/subtitles/parsers.js';

const LANGUAGES = ['en', 'es', 'de', 'fr', 'ru', 'ar', 'he', 'hi', 'ja', 'ko', 'zh', 'th', 'fi', 'zxx'];
const WORDS = [
  ...[
    'the',
    'a',
    'House.',
    'of',
    'and',
    'Mr.',
    'Smith',
    'is',
    'running,',
    'extraordinarily',
    '5',
    'km',
    '--',
    '«Oui',
    '!»',
  ],
  ...[
    '今日は、いい天気ですね。',
    '「東京」へ行きますか？',
    '我们明天去北京。',
    'ประเทศไทยเป็นประเทศที่สวยงาม',
    '안녕하세요,',
    'إلى',
    'السوق.',
  ],
  ...[
    'नमस्ते।',
    'https://example.org/a/very/long/address/that/nobody/reads',
    '<b>',
    '&',
    '-->',
    '👩‍👩‍👧',
    'e\u0301',
    '\u00a0:',
  ],
];
const text = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(fc.constantFrom(...WORDS), { maxLength: 60 }).map((words) => words.join(' ')),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 200 }) },
);

interface Case {
  segments: TranslatedSegment[];
  durationMs: number;
  options: SubtitleOptions;
}

/** Segments in order, with pauses inside, close together or far apart. */
const recording: fc.Arbitrary<Case> = fc
  .record({
    shapes: fc.array(
      fc.record({
        gapMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 4_000 })),
        parts: fc.array(
          fc.record({
            speechMs: fc.integer({ min: 60, max: 9_000 }),
            pauseMs: fc.integer({ min: 120, max: 2_000 }),
          }),
          { minLength: 1, maxLength: 5 },
        ),
        text,
        source: fc.option(text, { nil: undefined }),
      }),
      { maxLength: 4 },
    ),
    tailMs: fc.integer({ min: 0, max: 3_000 }),
    options: fc.record({
      subtitles: fc.constantFrom('target', 'source', 'both'),
      target: fc.constantFrom(...LANGUAGES),
      source: fc.constantFrom(...LANGUAGES, undefined),
    }),
  })
  .map(({ shapes, tailMs, options }) => {
    let ms = 0;
    const segments = shapes.map(({ gapMs, parts, text: words, source }) => {
      const startMs = ms + gapMs;
      ms = startMs;
      const pauses = parts.flatMap(({ speechMs, pauseMs }, index) => {
        const pause = { startMs: ms + speechMs, endMs: ms + speechMs + pauseMs };
        ms = index === parts.length - 1 ? pause.startMs : pause.endMs;
        return index === parts.length - 1 ? [] : [pause];
      });
      // No segment is shorter than 250 ms.
      ms = Math.max(ms, startMs + 250);
      return { startMs, endMs: ms, pauses, text: words, source };
    });
    return { segments, durationMs: ms + tailMs, options };
  });

function check(property: (cases: Case, cues: Cue[], perSegment: Cue[][]) => void): void {
  fc.assert(
    fc.property(recording, (each) => {
      const perSegment = [...eachCues(each.segments, each.options, each.durationMs)].map(({ cues }) => [
        ...cues,
      ]);
      property(each, perSegment.flat(), perSegment);
    }),
    { numRuns: 400 },
  );
}

const squeeze = (lines: readonly string[]): string => lines.join('').replace(/[\s\p{Cc}]+/gu, '');

describe('the cues of any recording', () => {
  it('never overlap, stand in order with a gap between them, and last', () => {
    check((_, cues) => {
      for (const [index, { startMs, endMs }] of cues.entries()) {
        expect(Number.isInteger(startMs) && Number.isInteger(endMs)).toBe(true);
        expect(endMs).toBeGreaterThan(startMs);
        const next = cues[index + 1];
        if (next !== undefined) expect(next.startMs - endMs).toBeGreaterThanOrEqual(CUE_GAP_MS);
      }
    });
  });

  it('begin where somebody speaks, and end before the next segment and the recording do', () => {
    check(({ segments, durationMs }, _, perSegment) => {
      for (const [index, segment] of segments.entries()) {
        const nextMs = segments[index + 1]?.startMs ?? durationMs;
        for (const { startMs, endMs } of perSegment[index] ?? []) {
          expect(startMs).toBeGreaterThanOrEqual(segment.startMs);
          expect(startMs).toBeLessThan(segment.endMs);
          expect(
            segment.pauses.find((pause) => startMs >= pause.startMs && startMs < pause.endMs),
          ).toBeUndefined();
          expect(endMs).toBeLessThanOrEqual(nextMs);
        }
      }
    });
  });

  it('hold all words once and in order', () => {
    check(({ segments, options }, _, perSegment) => {
      for (const [index, segment] of segments.entries()) {
        const cues = perSegment[index] ?? [];
        const shown = (wanted: boolean, words: string | undefined): string =>
          wanted ? squeeze([words ?? '']) : '';
        expect(squeeze(cues.flatMap(({ target }) => target))).toBe(
          shown(options.subtitles !== 'source', segment.text),
        );
        expect(squeeze(cues.flatMap(({ source }) => source))).toBe(
          shown(options.subtitles !== 'target', segment.source),
        );
      }
    });
  });

  it('have two lines of each language at most, none of them empty', () => {
    check((_, cues) => {
      for (const { source, target } of cues) {
        expect(source.length).toBeLessThanOrEqual(MAX_LINES);
        expect(target.length).toBeLessThanOrEqual(MAX_LINES);
        expect([...source, ...target].length).toBeGreaterThan(0);
        for (const line of [...source, ...target]) expect(line.trim()).not.toBe('');
      }
    });
  });

  it('exceed no limit that is not reported', () => {
    fc.assert(
      fc.property(recording, ({ segments, options, durationMs }) => {
        for (const { cues, warnings } of eachCues(segments, options, durationMs)) {
          const reported = new Set(warnings.map(({ code }) => code));
          const broken = new Set(cues.flatMap((cue) => cueFaults(cue, options).map(({ fault }) => fault)));
          expect(reported).toEqual(broken);
          expect(broken).not.toContain('cue-too-long');
        }
      }),
      { numRuns: 400 },
    );
  });

  it('begin no line with closing punctuation of its script', () => {
    check((_, cues) => {
      for (const line of cues.flatMap(({ source, target }) => [...source.slice(1), ...target.slice(1)]))
        expect(line).not.toMatch(/^[、。，．：；？！」』）〉》】〕ーっゃゅょッャュョ々]/u);
    });
  });

  it('are read back by the parsers of others', async () => {
    await fc.assert(
      fc.asyncProperty(recording, async ({ segments, options, durationMs }) => {
        const cues = [...eachCues(segments, options, durationMs)].flatMap((each) => each.cues);
        const expected = cues.map(({ startMs, endMs, source, target }) => ({
          ...{ startMs, endMs },
          lines: [...source, ...target],
        }));
        const vtt = formatVtt(cues, 'es');
        expect(parseWithW3c(vtt)).toEqual(expected);
        expect(await parseWithMediaCaptions(vtt, 'vtt')).toEqual(expected);
        expect(parseWithPlussub(vtt, 'vtt')).toEqual(expected);
        const srt = formatSrt(cues);
        expect(await parseWithMediaCaptions(srt, 'srt')).toEqual(expected);
        expect(parseWithPlussub(srt, 'srt')).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });
});

/** The short form of `npm run evaluate:subtitles`: three minutes with known sentences, at three levels of noise. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { createRecording, type EvaluationRecording } from '../../evaluation/recording.js';
import { scoreCues } from '../../evaluation/score.js';
import { sentenceAt } from '../../evaluation/script.js';
import { scoreLevels } from '../../evaluation/levels.js';
import { measureSegmentation, type SegmentationResult } from '../../evaluation/segmentation.js';
import { slope } from '../../evaluation/statistics.js';

let recording: EvaluationRecording;
let result: SegmentationResult;
beforeAll(async () => {
  const noise = ['clean', '20 dB', '10 dB'] as const;
  recording = await createRecording({ sentences: 18, durationMs: 180_000, noise });
  result = measureSegmentation(recording);
});

describe('cues of three minutes of speech', () => {
  it.each(['clean', '20 dB'] as const)('begin with it, %s', (level) => {
    const score = result.scores.get(level);
    expect(score?.start.count).toBeGreaterThanOrEqual(4);
    expect(score?.start.medianMs).toBeLessThanOrEqual(60);
    expect(score?.start.p95Ms).toBeLessThanOrEqual(200);
  });

  it('begin with it in most cases at 10 dB', () => {
    expect(result.scores.get('10 dB')?.start.medianMs).toBeLessThanOrEqual(120);
  });

  it('lose and double nothing, and stand neither over silence nor over each other', () => {
    expect(result.scores.get('all')).toMatchObject({
      ...{ sentencesLost: 0, wordsMissing: 0, wordsExtra: 0, inSilence: 0 },
      ...{ overlaps: 0, outOfOrder: 0, overLimitUnreported: 0 },
    });
    expect(result.silent).toBe(0);
  });
});

it('the recording lasts as long as asked, and has its sentences where it says', () => {
  const pcm = Buffer.concat([...recording.pcm()]);
  expect(pcm.length).toBe(180_000 * 48);
  const [first] = recording.sentences;
  if (first === undefined) throw new Error('no sentence');
  const startByte = 2 * Math.round(first.startMs * 24);
  expect(pcm.subarray(0, startByte).every((byte) => byte === 0)).toBe(true);
  expect(pcm.readInt16LE(startByte)).not.toBe(0);
  expect(new Set(Array.from({ length: 200 }, (_, index) => sentenceAt(index))).size).toBe(200);
});

const cue = (
  startMs: number,
  endMs: number,
  text: string,
): { startMs: number; endMs: number; source: string[]; target: string[] } => ({
  ...{ startMs, endMs, source: [], target: [text] },
});
const ENGLISH = { subtitles: 'target', target: 'en' } as const;

it('the score counts what is wrong', () => {
  const sentences = [
    { text: 'One two three.', startMs: 1_000, endMs: 3_000 },
    { text: 'Four five.', startMs: 10_000, endMs: 12_000 },
    { text: 'Six seven.', startMs: 20_000, endMs: 22_000 },
  ];
  const cues = [
    cue(1_100, 4_000, 'one two two'),
    cue(3_900, 5_000, 'four five'),
    cue(3_000, 3_100, 'x'.repeat(50)),
  ];
  const score = scoreCues(
    sentences,
    [{ cues, warnings: [{ code: 'reading-speed', detail: '' }] }],
    ENGLISH,
    'target',
  );
  expect(score).toMatchObject({
    ...{
      sentences: 3,
      cues: 3,
      sentencesLost: 1,
      wordsMissing: 3,
      wordsExtra: 2,
      inSilence: 2,
      startsInside: 0,
    },
    ...{ overlaps: 2, outOfOrder: 1, overLimit: 3, overLimitUnreported: 2 },
  });
  expect(score.start).toMatchObject({ count: 2, largestMs: 6_100 });
});

it('the score tells a sentence that comes twice from words made up', () => {
  const sentences = [
    { text: 'One two three four.', startMs: 1_000, endMs: 3_000 },
    { text: 'Five six.', startMs: 10_000, endMs: 12_000 },
  ];
  const cues = [
    cue(1_000, 2_000, 'one two three four'),
    cue(2_100, 3_000, 'one two three'),
    cue(10_000, 12_000, 'five six seven'),
  ];
  expect(scoreCues(sentences, [{ cues, warnings: [] }], ENGLISH, 'target')).toMatchObject({
    ...{ sentencesLost: 0, sentencesDoubled: 1, wordsMissing: 0, wordsExtra: 4 },
  });
});

it('a sentence is lost where nothing stands in its place, and misheard where other words do', () => {
  const times = { startMs: 1_000, endMs: 3_000 };
  const of = (text: string, said: string, heard: string): object =>
    scoreCues(
      [{ ...times, text, said }],
      [{ cues: [cue(1_000, 3_000, heard)], warnings: [] }],
      ENGLISH,
      'target',
    );
  const kept = { sentencesLost: 0, sentencesMisheard: 0 };
  expect(of('Near a liver.', 'Far from it.', 'near the river')).toMatchObject(kept);
  expect(of('Hear a liver.', 'Near the river.', 'near the river')).toMatchObject(kept);
  const misheard = { sentencesLost: 0, sentencesMisheard: 1 };
  expect(of('Hear a liver.', 'Far from it.', 'near the river')).toMatchObject(misheard);
  const lost = { sentencesLost: 1, sentencesMisheard: 0 };
  expect(of('Hear a liver.', 'Far from it, dear friends.', 'well')).toMatchObject(lost);
});

it('the score of a level counts the cues of that level alone', () => {
  const sentences = [
    { text: 'One two.', startMs: 1_000, endMs: 3_000, noise: 'clean' as const },
    { text: 'Three four.', startMs: 10_000, endMs: 12_000, noise: '10 dB' as const },
  ];
  const cues = [cue(1_000, 3_000, 'one two'), cue(8_000, 9_000, 'hiss'), cue(10_000, 12_000, 'three four')];
  const scores = scoreLevels(sentences, [{ cues, warnings: [] }], ENGLISH, 'target');
  expect(scores.get('clean')).toMatchObject({ sentences: 1, cues: 1, inSilence: 0, wordsExtra: 0 });
  expect(scores.get('10 dB')).toMatchObject({ sentences: 1, cues: 2, inSilence: 1, wordsExtra: 1 });
  expect(scores.get('all')).toMatchObject({ sentences: 2, cues: 3, inSilence: 1, wordsExtra: 1 });
});

it('drift is what grows all along, whatever single cues do', () => {
  const at = [0, 1, 2, 3, 4, 5, 6];
  expect(slope(at.map((x) => ({ x, y: 3 * x + (x === 5 ? 5_000 : 0) })))).toBe(3);
  expect(slope([{ x: 1, y: 1 }])).toBe(0);
});

it('levels of noise take turns over the recording', () => {
  const levels = recording.sentences.map(({ noise }) => noise);
  expect(new Set(levels.slice(0, 15))).toEqual(new Set(['clean', '20 dB', '10 dB']));
  expect(levels[15]).toBe(levels[0]);
});

/** The short form of `npm run evaluate:subtitles`: three minutes with known sentences, at three levels of noise. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { createRecording, type EvaluationRecording } from '../../evaluation/recording.js';
import { scoreCues } from '../../evaluation/score.js';
import { sentenceAt } from '../../evaluation/script.js';
import { measureSegmentation, type SegmentationResult } from '../../evaluation/segmentation.js';

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

it('the score counts what is wrong', () => {
  const cue = (
    startMs: number,
    endMs: number,
    text: string,
  ): { startMs: number; endMs: number; source: string[]; target: string[] } => ({
    ...{ startMs, endMs, source: [], target: [text] },
  });
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
    { subtitles: 'target', target: 'en' },
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

/** The answer about a long recording, which is built while other requests are served. */
import { expect, it } from '@jest/globals';
import { textBody, verboseBody, type SegmentedText } from '../../src/http/translate/recording-body.js';

const TEXT = 'We go to Beijing tomorrow, and then home. He said that the weather is fine. '.repeat(4).trim();
const LENGTH_MS = 20_000;

function recordingOf(count: number, targets: readonly string[]): SegmentedText {
  const segments = Array.from({ length: count }, (_, index) => ({
    ...{ index, startMs: index * LENGTH_MS, endMs: (index + 1) * LENGTH_MS - 1_000, pauses: [] },
    ...{ translations: targets.map((target) => ({ target, text: TEXT })), warnings: [] },
  }));
  const translations = targets.map((target) => ({ target, text: TEXT }));
  const segmented = { durationMs: count * LENGTH_MS, segments, translations };
  return { text: TEXT, source: 'en', target: targets[0] ?? null, segmented };
}

/** Runs the work beside other requests. @returns its result, and how often they had a turn meanwhile. */
async function beside<T>(work: Promise<T>): Promise<{ result: T; turns: number }> {
  let turns = 0;
  let next = setImmediate(count);
  function count(): void {
    turns += 1;
    next = setImmediate(count);
  }
  try {
    return { result: await work, turns };
  } finally {
    clearImmediate(next);
  }
}

it.each(['srt', 'vtt'] as const)('lets others in between as %s', async (format) => {
  const { result, turns } = await beside(textBody(recordingOf(400, ['es']), format, 'target'));
  expect(result.match(/-->/g)?.length).toBeGreaterThan(800);
  expect(turns).toBeGreaterThan(3);
});

it('lets others in between as JSON with segments, in each of several languages', async () => {
  const { result, turns } = await beside(verboseBody(recordingOf(200, ['es', 'fr']), 'target'));
  expect(result.segments).toHaveLength(200);
  expect(result.translations?.map(({ target, segments }) => [target, segments.length])).toEqual([
    ['es', 200],
    ['fr', 200],
  ]);
  expect(turns).toBeGreaterThan(3);
});

/**
 * `npm run evaluate:subtitles -- [--minutes 60] [--sentences 200] [--noise pink|white] [--seed 1]`: makes a recording with
 * known sentences, and prints how well segments and cues keep to them. Ends with exit code 1 beyond a bar.
 */
import { parseArgs } from 'node:util';
import { createRecording } from './recording.js';
import type { Score } from './score.js';
import { measureSegmentation } from './segmentation.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    sentences: { type: 'string', default: '200' },
    noise: { type: 'string', default: 'pink' },
    seed: { type: 'string', default: '1' },
  },
});

const recording = await createRecording({
  ...{ sentences: Number(values.sentences), durationMs: Number(values.minutes) * 60_000 },
  ...{ noise: ['clean', '20 dB', '10 dB'], noiseKind: values.noise === 'white' ? 'white' : 'pink' },
  seed: Number(values.seed),
});
const { segments, silent, scores, tookMs } = measureSegmentation(recording);

const row = (name: string, value: (score: Score) => string | number): Record<string, string | number> =>
  Object.fromEntries([
    ['measure', name],
    ...[...scores].map(([level, score]) => [level, value(score)] as const),
  ]);
const three = ({ medianMs, p95Ms, largestMs }: Score['start']): string =>
  [medianMs, p95Ms, largestMs].map(Math.round).join(' / ');
console.table([
  row('sentences', (score) => score.sentences),
  row('cues', (score) => score.cues),
  row('start error, median / p95 / largest ms', (score) => three(score.start)),
  row('end error, median / p95 / largest ms', (score) => three(score.end)),
  row('sentences that begin inside a cue', (score) => score.startsInside),
  row('sentences lost', (score) => score.sentencesLost),
  row('words missing', (score) => score.wordsMissing),
  row('words doubled or made up', (score) => score.wordsExtra),
  row('cues in silence', (score) => score.inSilence),
  row('overlaps', (score) => score.overlaps),
  row('out of order', (score) => score.outOfOrder),
  row('over a limit', (score) => score.overLimit),
  row('over a limit, unreported', (score) => score.overLimitUnreported),
  row('drift, ms an hour', (score) => score.driftMsPerHour.toFixed(1)),
]);
console.log(
  `${segments.length} segments, ${silent} of them without speech, found in ${Math.round(tookMs)} ms.`,
);

const failed = [...scores].flatMap(([level, score]) => {
  const isNoisy = level === '10 dB' || level === 'all';
  const faults = score.inSilence + score.overlaps + score.outOfOrder + score.overLimitUnreported;
  const isLate = score.start.medianMs > 60 || score.start.p95Ms > 200;
  const isIncomplete = score.sentencesLost + score.wordsMissing + score.wordsExtra > 0;
  return faults > 0 || (!isNoisy && (isLate || isIncomplete)) ? [level] : [];
});
if (failed.length > 0) console.error(`Beyond the bars: ${failed.join(', ')}.`);
process.exitCode = failed.length > 0 ? 1 : 0;

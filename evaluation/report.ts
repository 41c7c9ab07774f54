/** The report: tables in Markdown, and which bars are met. */
import type { EngineResult } from './engines.js';
import type { KillsResult } from './kills.js';
import type { LevelScores, ScoredLevel } from './levels.js';
import type { ParallelResult } from './parallel.js';
import type { CueScore } from './cue-score.js';
import type { Score } from './score.js';
import type { ErrorFigures } from './statistics.js';

/** One bar, and the figure that is held against it. */
export interface Check {
  readonly measure: string;
  readonly bar: string;
  /** Who told the words. */
  readonly engine: string;
  readonly figure: string;
  /** Absent where there is no bar. */
  readonly isMet?: boolean;
}

const LEVELS: readonly ScoredLevel[] = ['clean', '20 dB', '10 dB', 'all'];
/** The levels for which words and times have bars. */
const HEARD_WELL = ['clean', '20 dB'] as const;
const MAX_START_MEDIAN_MS = 60;
const MAX_START_P95_MS = 200;
const MAX_DRIFT_MS = 10;
/** Of fewer starts the slope says nothing. */
const MIN_STARTS_FOR_DRIFT = 100;
const MAX_MEMORY_MB = 60;
const MIN_TIMES_FASTER = 8;

/** @param rows the first one is the head. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`;
  const [head = [], ...others] = rows;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...others.map(line)].join('\n');
}

function errors({ medianMs, p95Ms, largestMs, count }: ErrorFigures): string {
  return count === 0 ? '–' : `${[medianMs, p95Ms, largestMs].map(Math.round).join(' / ')} (${count})`;
}

type LevelRow<T> = readonly [string, (score: T) => string | number];

const WORD_ROWS: readonly LevelRow<Score>[] = [
  ['sentences', (score) => score.sentences],
  ['start error, ms: median / p95 / largest (of)', (score) => errors(score.start)],
  ['end error, ms: median / p95 / largest (of)', (score) => errors(score.end)],
  ['sentences that begin inside a cue', (score) => score.startsInside],
  ['drift, ms an hour', (score) => score.driftMsPerHour.toFixed(1)],
  ['sentences lost', (score) => score.sentencesLost],
  ['sentences misheard', (score) => score.sentencesMisheard],
  ['sentences doubled', (score) => score.sentencesDoubled],
  ['words missing', (score) => score.wordsMissing],
  ['words doubled or made up', (score) => score.wordsExtra],
];

const CUE_ROWS: readonly LevelRow<CueScore>[] = [
  ['cues', (score) => score.cues],
  ['cues in silence', (score) => score.inSilence],
  ['overlaps', (score) => score.overlaps],
  ['out of order', (score) => score.outOfOrder],
  ['over a limit', (score) => score.overLimit],
  ['over a limit, unreported', (score) => score.overLimitUnreported],
];

function levelRows<T>(rows: readonly LevelRow<T>[], scores: ReadonlyMap<ScoredLevel, T>, suffix = '') {
  return rows.map(([name, figure]) => [
    `${name}${suffix}`,
    ...LEVELS.map((level) => {
      const score = scores.get(level);
      return score === undefined ? '–' : String(figure(score));
    }),
  ]);
}

/** @param translated of the cues in another language, whose words are not compared. */
export function accuracyTable(scores: LevelScores, translated?: LevelScores): string {
  return markdownTable([
    ['measure', ...LEVELS],
    ...levelRows<Score>(WORD_ROWS, scores),
    ...levelRows<CueScore>(CUE_ROWS, scores),
    ...(translated ? levelRows<CueScore>(CUE_ROWS, translated, ', translation') : []),
  ]);
}

export function checkAccuracy(engine: string, scores: LevelScores, translated?: LevelScores): Check[] {
  const heard = HEARD_WELL.flatMap((level) => {
    const score = scores.get(level);
    return score === undefined ? [] : [{ level, score }];
  });
  const starts = heard.map(({ level, score: { start } }) => ({
    measure: `start error, median / p95, ${level}`,
    bar: `≤ ${MAX_START_MEDIAN_MS} / ${MAX_START_P95_MS} ms`,
    figure: `${Math.round(start.medianMs)} / ${Math.round(start.p95Ms)} ms`,
    isMet: start.medianMs <= MAX_START_MEDIAN_MS && start.p95Ms <= MAX_START_P95_MS,
  }));
  const all = [scores, translated].flatMap((each) => each?.get('all') ?? []);
  const faults = all.map((score) => [
    ...[score.inSilence, score.overlaps, score.outOfOrder, score.overLimitUnreported],
  ]);
  const lost = heard.reduce((sum, { score }) => sum + score.sentencesLost, 0);
  const doubled = heard.reduce((sum, { score }) => sum + score.sentencesDoubled, 0);
  const drift = scores.get('all');
  return [
    ...starts,
    {
      measure: 'cues in silence, overlaps, out of order, over a limit unreported',
      bar: '0',
      figure: faults.map((each) => each.join(', ')).join('; '),
      isMet: faults.flat().every((count) => count === 0),
    },
    {
      measure: 'sentences lost, doubled, clean and 20 dB',
      bar: '0',
      figure: `${lost}, ${doubled}`,
      isMet: lost + doubled === 0,
    },
    ...(drift !== undefined && drift.start.count >= MIN_STARTS_FOR_DRIFT
      ? [
          {
            measure: 'drift over the hour',
            bar: `< ${MAX_DRIFT_MS} ms`,
            figure: `${drift.driftMsPerHour.toFixed(1)} ms`,
            isMet: Math.abs(drift.driftMsPerHour) < MAX_DRIFT_MS,
          },
        ]
      : []),
  ].map((check) => ({ ...check, engine }));
}

/** What the job took. */
export function checkCost(engine: string, { segments, job: { wallMs, memory } }: EngineResult): Check[] {
  const time = { measure: 'the whole recording, upload included', bar: '–', engine };
  const taken = { ...time, figure: `${seconds(wallMs)} (${segments} segments)` };
  if (memory === undefined) return [taken];
  const grownMb = memory.peakMb - memory.settledMb;
  return [
    taken,
    {
      ...{ engine, measure: 'memory of the process over what it settled at', bar: `< ${MAX_MEMORY_MB} MB` },
      figure: `${grownMb.toFixed(0)} MB over ${memory.settledMb.toFixed(0)} MB`,
      isMet: grownMb < MAX_MEMORY_MB,
    },
  ];
}

export function checkParallel({ parallel, parallelMs, serialMs }: ParallelResult): Check {
  const times = serialMs / parallelMs;
  return {
    measure: `${parallel} segments at a time against one after the other`,
    ...{ bar: `≥ ${MIN_TIMES_FASTER} ×`, engine: 'scripted', isMet: times >= MIN_TIMES_FASTER },
    figure: `${times.toFixed(1)} × (${seconds(parallelMs)}, ${seconds(serialMs)})`,
  };
}

export function checkKills(result: KillsResult): Check {
  const { kills, segments, parallel, requests, askedAgain, unknown, isEqual } = result;
  const isBounded = requests >= segments && requests <= segments + kills * parallel;
  return {
    ...{ measure: `killed ${kills} times on the way`, engine: 'scripted' },
    bar: 'nothing asked twice but what was under way; equal',
    figure: `${askedAgain} asked twice, ${isEqual ? 'equal' : 'not equal'} (${requests} requests, ${segments} segments)`,
    isMet: askedAgain + unknown === 0 && isEqual && isBounded,
  };
}

export function checkTable(checks: readonly Check[]): string {
  return markdownTable([
    ['measure', 'bar', 'words by', 'figure', 'met'],
    ...checks.map(({ measure, bar, engine, figure, isMet }) => [
      ...[measure, bar, engine, figure, metText(isMet)],
    ]),
  ]);
}

function metText(isMet: boolean | undefined): string {
  if (isMet === undefined) return '–';
  return isMet ? 'yes' : '**no**';
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

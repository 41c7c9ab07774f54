/** The report at the end, and the findings in it. */
import type { ScenarioStats, Results } from './results.js';
import type { NodeStats } from './node.js';
import type { Options } from './options.js';

export interface Outcome {
  readonly options: Options;
  readonly seconds: number;
  readonly results: Results;
  /** The steady node: idle before and after the load, `samples` under load. */
  readonly before: NodeStats;
  readonly after: NodeStats;
  readonly samples: readonly NodeStats[];
  readonly filesLeft: readonly string[];
  /** Of stops, kills and recoveries. */
  readonly faults: readonly string[];
  /** Log lines of the nodes at level error or above. */
  readonly errorLines: readonly string[];
  readonly disruptions: ReadonlyMap<string, number>;
  readonly recoveriesMs: readonly number[];
}

/** How much memory may grow from the first third of a run to its last. */
export const MAX_HEAP_GROWTH_MB = 8;
export const MAX_RSS_GROWTH_MB = 64;
const MB = 1_048_576;

/** One sentence for each finding. */
export function findingsOf(outcome: Outcome): string[] {
  const { results, before, after, filesLeft, faults, errorLines } = outcome;
  const findings = [...faults];
  const add = (count: number, what: string, examples: readonly string[]): void => {
    if (count > 0) findings.push(`${count} ${what}: ${examples.slice(0, 5).join(' | ')}`);
  };
  const unexpected = [...results.byScenario.values()].reduce((sum, kind) => sum + total(kind.unexpected), 0);
  add(results.wrongAnswers.length, 'wrong answers', results.wrongAnswers);
  add(results.hangs.length, 'hangs', results.hangs);
  add(
    unexpected - results.wrongAnswers.length - results.hangs.length,
    'unexcused failures',
    results.unexpected,
  );
  add(filesLeft.length, 'uploads left', filesLeft);
  add(errorLines.length, 'errors in the log', errorLines);
  for (const what of ['sockets', 'children', 'timers'] as const) {
    if (after[what] > before[what])
      findings.push(`${after[what]} ${what} at the end, ${before[what]} at the start`);
  }
  const { heapMb, rssMb } = growth(outcome.samples);
  if (heapMb > MAX_HEAP_GROWTH_MB) findings.push(`the heap grew by ${heapMb.toFixed(1)} MB`);
  if (rssMb > MAX_RSS_GROWTH_MB) findings.push(`resident memory grew by ${rssMb.toFixed(1)} MB`);
  return findings;
}

/** Medians of the last third minus those of the first, so that no single sample decides. */
function growth(samples: readonly NodeStats[]): { heapMb: number; rssMb: number } {
  const third = Math.max(1, Math.floor(samples.length / 3));
  const grown = (pick: (stats: NodeStats) => number): number =>
    (quantile(samples.slice(-third).map(pick), 0.5) - quantile(samples.slice(0, third).map(pick), 0.5)) / MB;
  return { heapMb: grown(held), rssMb: grown(({ rss }) => rss) };
}

function held({ heap, external }: NodeStats): number {
  return heap + external;
}

export function formatReport(outcome: Outcome): string {
  const { options, seconds, results, before, after, samples, disruptions, recoveriesMs } = outcome;
  const kinds = [...results.byScenario.entries()].sort(([a], [b]) => a.localeCompare(b));
  const all = kinds.map(([, kind]) => kind);
  const sum = (pick: (kind: ScenarioStats) => number): number => all.reduce((so, kind) => so + pick(kind), 0);
  const { heapMb, rssMb } = growth(samples);
  const third = Math.max(1, Math.floor(samples.length / 3));
  const mid = (part: readonly NodeStats[], pick: (stats: NodeStats) => number): string =>
    inMb(quantile(part.map(pick), 0.5));
  const memory = (
    name: string,
    pick: (stats: NodeStats) => number,
    grown: number,
    bound: number,
  ): string[] => [
    ...[name, inMb(pick(before)), mid(samples.slice(0, third), pick), mid(samples.slice(-third), pick)],
    ...[inMb(pick(after)), `${grown.toFixed(1)} of ${bound}`],
  ];
  return [
    `${seconds.toFixed(0)} s, ${options.clients} clients, seed ${options.seed}, ` +
      `${options.redis ? 'sessions in Redis' : 'sessions in memory'}, ${(sum(({ done }) => done) / seconds).toFixed(1)} scenarios/s`,
    '',
    table(
      ['', 'done', 'ok', 'requested', 'excused', 'unexpected', 'p50 ms', 'p99 ms', 'codes'],
      [
        ...kinds.map(([name, kind]) => row(name, kind)),
        [
          ...['all', String(sum(({ done }) => done)), String(sum(({ ok }) => ok))],
          ...[sum(({ requested }) => total(requested)), sum(({ excused }) => total(excused))].map(String),
          ...[String(sum(({ unexpected }) => total(unexpected))), '', '', ''],
        ],
      ],
    ),
    '',
    `wrong answers ${results.wrongAnswers.length}, hangs ${results.hangs.length}, uploads left ${outcome.filesLeft.length}, ` +
      `errors in the logs ${outcome.errorLines.length}`,
    `disruptions: ${[...disruptions].map(([name, times]) => `${name} ${times}`).join(', ')}`,
    `recovery: median ${quantile(recoveriesMs, 0.5).toFixed(0)} ms, at most ${Math.max(0, ...recoveriesMs).toFixed(0)} ms`,
    '',
    table(
      ['the steady node', 'idle, start', 'first third', 'last third', 'idle, end', 'growth (MB)'],
      [
        memory('heap + buffers, MB', held, heapMb, MAX_HEAP_GROWTH_MB),
        memory('resident, MB', ({ rss }) => rss, rssMb, MAX_RSS_GROWTH_MB),
        ...(['sockets', 'children', 'timers', 'blockedMs'] as const).map((what) => {
          const under = (part: readonly NodeStats[]): string =>
            quantile(
              part.map((stats) => stats[what]),
              0.5,
            ).toFixed(0);
          return [
            ...[
              what === 'blockedMs' ? 'event loop delay, ms' : what,
              before[what].toFixed(0),
              under(samples.slice(0, third)),
              under(samples.slice(-third)),
            ],
            ...[after[what].toFixed(0), ''],
          ];
        }),
      ],
    ),
  ].join('\n');
}

function row(name: string, kind: ScenarioStats): string[] {
  const codes = [...kind.requested, ...kind.excused].map(([code, times]) => `${code} ${times}`);
  const bad = [...kind.unexpected].map(([code, times]) => `${code.toUpperCase()} ${times}`);
  return [
    ...[name, String(kind.done), String(kind.ok), String(total(kind.requested)), String(total(kind.excused))],
    ...[String(total(kind.unexpected)), ...[0.5, 0.99].map((at) => quantileText(kind.durationsMs, at))],
    [...bad, ...codes].join(', '),
  ];
}

function quantileText(ms: readonly number[], at: number): string {
  return ms.length === 0 ? '' : quantile(ms, at).toFixed(0);
}

function total(codes: ReadonlyMap<string, number>): number {
  return [...codes.values()].reduce((sum, count) => sum + count, 0);
}

/** NaN if there are no values. */
export function quantile(values: readonly number[], at: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))] ?? NaN;
}

function inMb(bytes: number): string {
  return (bytes / MB).toFixed(1);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((line) => line[column]?.length ?? 0)),
  );
  const lineOf = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column === 0 || column === 8 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return [lineOf(head), ...rows.map(lineOf)].join('\n');
}

/** The table at the end, and what in it is not as it should be. */
import type { Kind, Ledger } from './ledger.js';
import type { Reading } from './node.js';
import type { Options } from './options.js';

export interface Outcome {
  readonly options: Options;
  readonly seconds: number;
  readonly ledger: Ledger;
  /** The steady node: idle before and after, and under load in between. */
  readonly before: Reading;
  readonly after: Reading;
  readonly samples: readonly Reading[];
  readonly filesLeft: readonly string[];
  /** Of stops, kills and recoveries. */
  readonly faults: readonly string[];
  /** Lines of the services' logs at level error or above. */
  readonly complaints: readonly string[];
  readonly happened: ReadonlyMap<string, number>;
  readonly recoveriesMs: readonly number[];
}

/** What memory may grow by, from the first third of a run to its last. */
export const MAX_HEAP_GROWTH_MB = 8;
export const MAX_RSS_GROWTH_MB = 64;
const MB = 1_048_576;

/** Sentences; empty when all is well. */
export function judge(outcome: Outcome): string[] {
  const { ledger, before, after, filesLeft, faults, complaints } = outcome;
  const findings = [...faults];
  const say = (count: number, what: string, examples: readonly string[]): void => {
    if (count > 0) findings.push(`${count} ${what}: ${examples.slice(0, 5).join(' | ')}`);
  };
  const unexpected = [...ledger.kinds.values()].reduce((sum, kind) => sum + total(kind.unexpected), 0);
  say(ledger.wrong.length, 'wrong answers', ledger.wrong);
  say(ledger.hangs.length, 'hangs', ledger.hangs);
  say(
    unexpected - ledger.wrong.length - ledger.hangs.length,
    'failures that nothing excuses',
    ledger.unexpected,
  );
  say(filesLeft.length, 'uploads left', filesLeft);
  say(complaints.length, 'errors in the log', complaints);
  for (const what of ['sockets', 'children', 'timers'] as const) {
    if (after[what] > before[what])
      findings.push(`${after[what]} ${what} at the end, ${before[what]} at the start`);
  }
  const { heapMb, rssMb } = growth(outcome.samples);
  if (heapMb > MAX_HEAP_GROWTH_MB) findings.push(`the heap grew by ${heapMb.toFixed(1)} MB`);
  if (rssMb > MAX_RSS_GROWTH_MB) findings.push(`resident memory grew by ${rssMb.toFixed(1)} MB`);
  return findings;
}

/** Medians of the last third less those of the first, so that no single moment decides. */
function growth(samples: readonly Reading[]): { heapMb: number; rssMb: number } {
  const third = Math.max(1, Math.floor(samples.length / 3));
  const grown = (pick: (reading: Reading) => number): number =>
    (quantile(samples.slice(-third).map(pick), 0.5) - quantile(samples.slice(0, third).map(pick), 0.5)) / MB;
  return { heapMb: grown(held), rssMb: grown(({ rss }) => rss) };
}

function held({ heap, external }: Reading): number {
  return heap + external;
}

export function describe(outcome: Outcome): string {
  const { options, seconds, ledger, before, after, samples, happened, recoveriesMs } = outcome;
  const kinds = [...ledger.kinds.entries()].sort(([a], [b]) => a.localeCompare(b));
  const all = kinds.map(([, kind]) => kind);
  const sum = (pick: (kind: Kind) => number): number => all.reduce((so, kind) => so + pick(kind), 0);
  const { heapMb, rssMb } = growth(samples);
  const third = Math.max(1, Math.floor(samples.length / 3));
  const mid = (part: readonly Reading[], pick: (reading: Reading) => number): string =>
    inMb(quantile(part.map(pick), 0.5));
  const memory = (
    name: string,
    pick: (reading: Reading) => number,
    grown: number,
    bound: number,
  ): string[] => [
    ...[name, inMb(pick(before)), mid(samples.slice(0, third), pick), mid(samples.slice(-third), pick)],
    ...[inMb(pick(after)), `${grown.toFixed(1)} of ${bound}`],
  ];
  return [
    `${seconds.toFixed(0)} s, ${options.clients} clients, seed ${options.seed}, ` +
      `${options.redis ? 'sessions in Redis' : 'sessions in memory'}, ${(sum(({ done }) => done) / seconds).toFixed(1)} acts a second`,
    '',
    table(
      ['', 'done', 'ok', 'as asked', 'excused', 'unexpected', 'p50 ms', 'p99 ms', 'codes'],
      [
        ...kinds.map(([name, kind]) => row(name, kind)),
        [
          ...['all', String(sum(({ done }) => done)), String(sum(({ ok }) => ok))],
          ...[sum(({ asked }) => total(asked)), sum(({ excused }) => total(excused))].map(String),
          ...[String(sum(({ unexpected }) => total(unexpected))), '', '', ''],
        ],
      ],
    ),
    '',
    `wrong answers ${ledger.wrong.length}, hangs ${ledger.hangs.length}, uploads left ${outcome.filesLeft.length}, ` +
      `errors in the logs ${outcome.complaints.length}`,
    `faults: ${[...happened].map(([name, times]) => `${name} ${times}`).join(', ')}`,
    `back after them: median ${quantile(recoveriesMs, 0.5).toFixed(0)} ms, at most ${Math.max(0, ...recoveriesMs).toFixed(0)} ms`,
    '',
    table(
      ['the steady node', 'idle, start', 'first third', 'last third', 'idle, end', 'growth (MB)'],
      [
        memory('heap + buffers, MB', held, heapMb, MAX_HEAP_GROWTH_MB),
        memory('resident, MB', ({ rss }) => rss, rssMb, MAX_RSS_GROWTH_MB),
        ...(['sockets', 'children', 'timers', 'blockedMs'] as const).map((what) => {
          const under = (part: readonly Reading[]): string =>
            quantile(
              part.map((reading) => reading[what]),
              0.5,
            ).toFixed(0);
          return [
            ...[
              what === 'blockedMs' ? 'event loop held up, ms' : what,
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

function row(name: string, kind: Kind): string[] {
  const codes = [...kind.asked, ...kind.excused].map(([code, times]) => `${code} ${times}`);
  const bad = [...kind.unexpected].map(([code, times]) => `${code.toUpperCase()} ${times}`);
  return [
    ...[name, String(kind.done), String(kind.ok), String(total(kind.asked)), String(total(kind.excused))],
    ...[String(total(kind.unexpected)), ...[0.5, 0.99].map((at) => shown(kind.calmMs, at))],
    [...bad, ...codes].join(', '),
  ];
}

function shown(ms: readonly number[], at: number): string {
  return ms.length === 0 ? '' : quantile(ms, at).toFixed(0);
}

function total(codes: ReadonlyMap<string, number>): number {
  return [...codes.values()].reduce((sum, count) => sum + count, 0);
}

/** NaN of nothing. */
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

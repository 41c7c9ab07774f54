/** Formats the results as a table. */
import { median } from './measure.js';

export interface Row {
  readonly measure: string;
  readonly against: string;
  /** One for each round, or for each run. */
  readonly figures: readonly number[];
  readonly unit: '×' | 'ms' | 'MB' | '%' | 'round trips';
  /** Absent if the row is only informative. */
  readonly aim?: Aim;
  /** Absolute figures of this run, and whatever else is needed to judge the row. */
  readonly note?: string;
}

export type Aim = { readonly atLeast: number } | { readonly atMost: number } | { readonly below: number };

/** A part that could not be measured, and why. */
export interface Skipped {
  readonly measure: string;
  readonly skipped: string;
}

export type Entry = Row | Skipped;

export function isMet(figure: number, aim: Aim): boolean {
  if ('atLeast' in aim) return figure >= aim.atLeast;
  return 'atMost' in aim ? figure <= aim.atMost : figure < aim.below;
}

function aimText(aim: Aim, unit: Row['unit']): string {
  if ('atLeast' in aim) return `≥ ${withUnit(String(aim.atLeast), unit)}`;
  return 'atMost' in aim
    ? `≤ ${withUnit(String(aim.atMost), unit)}`
    : `< ${withUnit(String(aim.below), unit)}`;
}

function withUnit(number: string, unit: Row['unit']): string {
  return unit === '×' ? `${number} ×` : `${number} ${unit}`;
}

function digits(figure: number): string {
  const size = Math.abs(figure);
  return figure.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

/** Median, and in brackets the smallest and the largest. */
function figureText({ figures, unit }: Row): string {
  const spread =
    figures.length > 1 ? ` (${digits(Math.min(...figures))} to ${digits(Math.max(...figures))})` : '';
  return `${withUnit(digits(median(figures)), unit)}${spread}`;
}

const HEAD = ['measure', 'against', 'figure', 'aim', 'met'];

function cells(entry: Entry): string[] {
  if ('skipped' in entry) return [entry.measure, '–', `not measured: ${entry.skipped}`, '–', '–'];
  const { measure, against, unit, aim, figures } = entry;
  const met = aim === undefined ? '–' : isMet(median(figures), aim) ? 'yes' : '**no**';
  return [measure, against, figureText(entry), aim === undefined ? '–' : aimText(aim, unit), met];
}

/** A Markdown table, padded so that its source is readable. */
export function tableOf(entries: readonly Entry[]): string {
  const rows = [HEAD, ...entries.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = widths.map((width) => '-'.repeat(width));
  return [line(rows[0] ?? []), line(rule), ...rows.slice(1).map(line)].join('\n');
}

export function notesOf(entries: readonly Entry[]): string {
  return entries
    .flatMap((entry) => ('note' in entry ? [`- ${entry.measure}: ${entry.note}`] : []))
    .join('\n');
}

/** Takes the medians of several runs as the figures of one; a row that any run skipped is skipped. */
export function merge(runs: readonly (readonly Entry[])[]): Entry[] {
  return (runs[0] ?? []).map((first, index) => {
    const entries = runs.map((run) => run[index] ?? first);
    const skipped = entries.find((entry) => 'skipped' in entry);
    if (skipped !== undefined) return skipped;
    const figures = entries.flatMap((entry) => ('figures' in entry ? [median(entry.figures)] : []));
    return { ...first, figures };
  });
}

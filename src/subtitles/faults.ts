/** Limits that a cue breaks, as warnings of its segment. */
import { cueLimits, MAX_CUE_MS, MIN_CUE_MS, textWidth } from './limits.js';

/** What a client is told of a segment that stands all the same. */
export interface SegmentWarning {
  readonly code: string;
  readonly detail: string;
}

/** The parts of a cue that limits are about. */
export interface MeasuredCue {
  readonly startMs: number;
  readonly endMs: number;
  readonly source: readonly string[];
  readonly target: readonly string[];
}

export type CueFault = 'line-too-long' | 'reading-speed' | 'cue-too-short' | 'cue-too-long';

/** @param tags the languages of the lines. @returns each limit that the cue breaks, once, with what it measures and may. */
export function cueFaults(
  cue: MeasuredCue,
  tags: { readonly source?: string | undefined; readonly target?: string | undefined },
): { fault: CueFault; measured: number; limit: number }[] {
  const faults: { fault: CueFault; measured: number; limit: number }[] = [];
  const durationMs = cue.endMs - cue.startMs;
  if (durationMs < MIN_CUE_MS)
    faults.push({ fault: 'cue-too-short', measured: durationMs, limit: MIN_CUE_MS });
  if (durationMs > MAX_CUE_MS)
    faults.push({ fault: 'cue-too-long', measured: durationMs, limit: MAX_CUE_MS });
  for (const side of ['source', 'target'] as const) {
    const limits = cueLimits(tags[side]);
    const longest = Math.max(0, ...cue[side].map((line) => textWidth(line, limits)));
    if (longest > limits.lineWidth)
      faults.push({ fault: 'line-too-long', measured: longest, limit: limits.lineWidth });
    const speed = (1000 * textWidth(cue[side].join(' '), limits)) / durationMs;
    if (speed > limits.charactersPerSecond + 0.05)
      faults.push({ fault: 'reading-speed', measured: speed, limit: limits.charactersPerSecond });
  }
  return faults;
}

const UNITS: Readonly<Record<CueFault, string>> = {
  'line-too-long': 'characters in a line',
  'reading-speed': 'characters a second',
  'cue-too-short': 'milliseconds',
  'cue-too-long': 'milliseconds',
};

/** One warning for each kind of fault, with the worst figure and how many cues of the segment have it. */
export function cueWarnings(
  cues: readonly MeasuredCue[],
  tags: { readonly source?: string | undefined; readonly target?: string | undefined },
): SegmentWarning[] {
  const worst = new Map<CueFault, { measured: number; limit: number; count: number }>();
  for (const cue of cues) {
    for (const { fault, measured, limit } of cueFaults(cue, tags)) {
      const last = worst.get(fault);
      const isWorse = last === undefined || Math.abs(measured - limit) > Math.abs(last.measured - last.limit);
      worst.set(fault, { ...(isWorse ? { measured, limit } : last), count: (last?.count ?? 0) + 1 });
    }
  }
  return [...worst].map(([fault, { measured, limit, count }]) => {
    const where = count === 1 ? 'One cue has' : `${count} cues have up to`;
    return {
      code: fault,
      detail: `${where} ${Math.round(measured * 10) / 10} ${UNITS[fault]}; the limit is ${limit}.`,
    };
  });
}

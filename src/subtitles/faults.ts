/** Which limits for reading a cue exceeds, as warnings of its segment. */
import type { Cue, CueLanguages } from './cue.js';
import { cueLimits, MAX_CUE_MS, MIN_CUE_MS, textWidth } from './limits.js';

/** What is doubtful about a segment that is part of the result all the same. */
export interface SegmentWarning {
  readonly code: string;
  readonly detail: string;
}

export type CueFault = 'line-too-long' | 'reading-speed' | 'cue-too-short' | 'cue-too-long';

interface MeasuredFault {
  readonly fault: CueFault;
  /** In the unit of UNITS, as is `limit`. */
  readonly measured: number;
  readonly limit: number;
}

/** Reading speed is compared with one decimal, as warnings show it. */
const SPEED_TOLERANCE = 0.05;

/** @returns the limits that the cue exceeds. */
export function cueFaults(cue: Cue, languages: CueLanguages): MeasuredFault[] {
  const faults: MeasuredFault[] = [];
  const durationMs = cue.endMs - cue.startMs;
  if (durationMs < MIN_CUE_MS)
    faults.push({ fault: 'cue-too-short', measured: durationMs, limit: MIN_CUE_MS });
  if (durationMs > MAX_CUE_MS)
    faults.push({ fault: 'cue-too-long', measured: durationMs, limit: MAX_CUE_MS });
  for (const side of ['source', 'target'] as const) {
    const limits = cueLimits(languages[side]);
    const longest = Math.max(0, ...cue[side].map((line) => textWidth(line, limits)));
    if (longest > limits.lineWidth)
      faults.push({ fault: 'line-too-long', measured: longest, limit: limits.lineWidth });
    const speed = (1000 * textWidth(cue[side].join(' '), limits)) / durationMs;
    if (speed > limits.charactersPerSecond + SPEED_TOLERANCE)
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

/** @returns one warning for each kind of fault, with its worst value and the number of cues that have it. */
export function cueWarnings(cues: readonly Cue[], languages: CueLanguages): SegmentWarning[] {
  const worst = new Map<CueFault, { measured: number; limit: number; count: number }>();
  for (const cue of cues) {
    for (const { fault, measured, limit } of cueFaults(cue, languages)) {
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

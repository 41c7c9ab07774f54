/** Figures of many measurements. */

/** @returns the value below which that share of the values lies; NaN for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

/** @returns the slope of the straight line through the points that fits best; 0 for fewer than two. */
export function slope(points: readonly { readonly x: number; readonly y: number }[]): number {
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, { y }) => sum + y, 0) / points.length;
  const spread = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  if (points.length < 2 || spread === 0) return 0;
  return points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0) / spread;
}

/** Median, 95th percentile and largest of the absolute values. */
export interface ErrorFigures {
  readonly count: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly largestMs: number;
}

export function errorFigures(errorsMs: readonly number[]): ErrorFigures {
  const sizes = errorsMs.map(Math.abs);
  return {
    count: sizes.length,
    medianMs: quantile(sizes, 0.5),
    p95Ms: quantile(sizes, 0.95),
    largestMs: sizes.length === 0 ? NaN : Math.max(...sizes),
  };
}

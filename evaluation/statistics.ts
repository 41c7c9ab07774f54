/** Figures of many measurements. */

/** @returns the value below which that share of the values lies; NaN for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

/**
 * @returns the median of the slopes between all pairs of points (Theil and Sen), which some points far off do not move; 0 for
 *   fewer than two.
 */
export function slope(points: readonly { readonly x: number; readonly y: number }[]): number {
  const slopes = points.flatMap((one, index) =>
    points
      .slice(index + 1)
      .filter((other) => other.x !== one.x)
      .map((other) => (other.y - one.y) / (other.x - one.x)),
  );
  return slopes.length === 0 ? 0 : quantile(slopes, 0.5);
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

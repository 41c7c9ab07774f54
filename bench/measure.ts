/** Sides that are compared run alternately, so that other load on the machine affects all of them alike. */

/** Runs each side once a round, in an order that is reversed every round. @returns the results of each side by round */
export async function alternate<S extends string, T>(
  rounds: number,
  sides: Readonly<Record<S, () => Promise<T>>>,
): Promise<Record<S, T[]>> {
  const names = Object.keys(sides) as S[];
  const results = Object.fromEntries(names.map((name) => [name, [] as T[]])) as Record<S, T[]>;
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? names : names.toReversed();
    for (const name of order) results[name].push(await sides[name]());
  }
  return results;
}

/** One figure for each round, computed from the results of both sides. */
export function pairwise<A, B>(a: readonly A[], b: readonly B[], figure: (a: A, b: B) => number): number[] {
  return a.map((each, round) => figure(each, b[round] as B));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? NaN;
  return Number.isInteger(middle) ? (upper + (sorted[middle - 1] ?? NaN)) / 2 : upper;
}

/** From which language to which there is a way, and over which others. */
import { primaryTag } from './languages.js';
import type { LanguagePair } from './apertium-modes.js';

/** Each step loses some of the meaning. */
const MAX_STEPS = 3;

export class PairGraph {
  /** Pairs by their source. */
  readonly #bySource = new Map<string, LanguagePair[]>();

  constructor(pairs: readonly LanguagePair[]) {
    for (const pair of pairs) {
      const known = this.#bySource.get(pair.source);
      if (known) known.push(pair);
      else this.#bySource.set(pair.source, [pair]);
    }
  }

  /** Languages that can be translated from, without region. */
  get sources(): string[] {
    return [...this.#bySource.keys()];
  }

  /** Any pair that begins with the language. */
  pairFrom(source: string): LanguagePair | undefined {
    return this.#bySource.get(source)?.[0];
  }

  /** What a single step leads to, regions included. */
  targetsOf(source: string): string[] {
    return this.#bySource.get(source)?.map(({ target }) => target) ?? [];
  }

  /** What several steps lead to: the languages passed, the shortest way for each. */
  chainsFrom(source: string): string[][] {
    return [...this.#shortestPathsFrom(source)]
      .filter(([target, steps]) => steps.length > 1 && target === primaryTag(target))
      .map(([, steps]) => [source, ...steps.map(({ target }) => target)]);
  }

  /**
   * The shortest way; none for a language to itself. Where there is no variety of the target of its own, its language
   * serves: `es-MX` is `es`.
   * @returns undefined where there is no way
   */
  shortestPath(source: string, target: string): readonly LanguagePair[] | undefined {
    const from = primaryTag(source);
    const ways = this.#shortestPathsFrom(from);
    if (primaryTag(target) === from) return [];
    for (let tag = target; tag !== ''; tag = tag.replace(/(^|-)[^-]*$/, '')) {
      const way = ways.get(tag);
      if (way) return way;
    }
    return undefined;
  }

  /** Breadth first, so that the first way found is the shortest. */
  #shortestPathsFrom(source: string): Map<string, LanguagePair[]> {
    const ways = new Map<string, LanguagePair[]>();
    let reached: { at: string; way: LanguagePair[] }[] = [{ at: source, way: [] }];
    for (let steps = 0; steps < MAX_STEPS; steps += 1) {
      reached = reached.flatMap(({ at, way }) =>
        (this.#bySource.get(at) ?? []).flatMap((pair) => {
          if (pair.target === source || ways.has(pair.target)) return [];
          const longer = [...way, pair];
          ways.set(pair.target, longer);
          return [{ at: pair.target, way: longer }];
        }),
      );
    }
    return ways;
  }
}

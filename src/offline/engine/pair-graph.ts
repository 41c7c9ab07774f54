/** Language pairs as a graph, searched for the shortest chain of translations. */
import { primaryTag } from './languages.js';
import type { LanguagePair } from './apertium-modes.js';

/** Each translation loses some of the meaning. */
const MAX_STEPS = 3;

export class PairGraph {
  readonly #bySource = new Map<string, LanguagePair[]>();

  constructor(pairs: readonly LanguagePair[]) {
    for (const pair of pairs)
      this.#bySource.set(pair.source, [...(this.#bySource.get(pair.source) ?? []), pair]);
  }

  /** Languages to translate from, without region. */
  get sources(): string[] {
    return [...this.#bySource.keys()];
  }

  /** Any pair with that source. */
  pairFrom(source: string): LanguagePair | undefined {
    return this.#bySource.get(source)?.[0];
  }

  /** Targets of a single step, with their regions. */
  targetsOf(source: string): string[] {
    return this.#bySource.get(source)?.map(({ target }) => target) ?? [];
  }

  /** The shortest chain to each target that takes several steps, as languages. */
  chainsFrom(source: string): string[][] {
    return [...this.#shortestPathsFrom(source)]
      .filter(([target, steps]) => steps.length > 1 && target === primaryTag(target))
      .map(([, steps]) => [source, ...steps.map(({ target }) => target)]);
  }

  /**
   * The shortest chain of pairs; empty from a language to itself. A target without a pair of its own falls back to its
   * language: `es-MX` to `es`.
   * @returns undefined if there is no chain
   */
  shortestPath(source: string, target: string): readonly LanguagePair[] | undefined {
    const from = primaryTag(source);
    if (primaryTag(target) === from) return [];
    const paths = this.#shortestPathsFrom(from);
    for (let tag = target; tag !== ''; tag = tag.replace(/(^|-)[^-]*$/, '')) {
      const path = paths.get(tag);
      if (path) return path;
    }
    return undefined;
  }

  /** Breadth-first search, so that the first path found to a target is the shortest. */
  #shortestPathsFrom(source: string): Map<string, LanguagePair[]> {
    const paths = new Map<string, LanguagePair[]>();
    let frontier: { language: string; path: LanguagePair[] }[] = [{ language: source, path: [] }];
    for (let steps = 0; steps < MAX_STEPS; steps += 1) {
      frontier = frontier.flatMap(({ language, path }) =>
        (this.#bySource.get(language) ?? []).flatMap((pair) => {
          if (pair.target === source || paths.has(pair.target)) return [];
          const longer = [...path, pair];
          paths.set(pair.target, longer);
          return [{ language: pair.target, path: longer }];
        }),
      );
    }
    return paths;
  }
}

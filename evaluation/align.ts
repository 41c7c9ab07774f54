/** Which word of a recognized text is which word of the script: the longest common sequence of both. */

export interface AlignedWords {
  /** For each reference word the place of its match, or undefined: it is missing. */
  readonly matches: readonly (number | undefined)[];
  /** Words that match none: doubled, or made up. */
  readonly extra: number;
}

/** @returns words without case and punctuation. */
export function plainWords(text: string): string[] {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}'\s]+/gu, ' ')
    .split(/\s+/)
    .filter((word) => word !== '');
}

/** Takes time and memory that grow with the product of both lengths: some thousand words each. */
export function alignWords(reference: readonly string[], found: readonly string[]): AlignedWords {
  const width = found.length + 1;
  const lengths = new Uint32Array((reference.length + 1) * width);
  for (let row = reference.length - 1; row >= 0; row -= 1) {
    for (let column = found.length - 1; column >= 0; column -= 1) {
      const at = row * width + column;
      lengths[at] =
        reference[row] === found[column]
          ? 1 + (lengths[at + width + 1] ?? 0)
          : Math.max(lengths[at + width] ?? 0, lengths[at + 1] ?? 0);
    }
  }
  const matches: (number | undefined)[] = [];
  let column = 0;
  let matched = 0;
  for (let row = 0; row < reference.length; row += 1) {
    while (
      column < found.length &&
      reference[row] !== found[column] &&
      (lengths[row * width + column + 1] ?? 0) >= (lengths[(row + 1) * width + column] ?? 0) &&
      (lengths[row * width + column + 1] ?? 0) > 0
    )
      column += 1;
    if (column < found.length && reference[row] === found[column]) {
      matches.push(column);
      matched += 1;
      column += 1;
    } else matches.push(undefined);
  }
  return { matches, extra: found.length - matched };
}

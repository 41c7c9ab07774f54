/** Which word of a recognized text is which word of the script: the longest common sequence of both. */

/** @returns words without case and punctuation. */
export function plainWords(text: string): string[] {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}'\s]+/gu, ' ')
    .split(/\s+/)
    .filter((word) => word !== '');
}

/**
 * Takes time and memory that grow with the product of both lengths: some thousand words each.
 *
 * @param canMatch whether the words at these places may be the same, where they are equal.
 * @returns for each reference word the place of its match, or undefined: it is missing.
 */
export function alignWords(
  reference: readonly string[],
  found: readonly string[],
  canMatch: (row: number, column: number) => boolean = () => true,
): (number | undefined)[] {
  const width = found.length + 1;
  const lengths = new Uint32Array((reference.length + 1) * width);
  const length = (row: number, column: number): number => lengths[row * width + column] ?? 0;
  const isSame = (row: number, column: number): boolean =>
    reference[row] === found[column] && canMatch(row, column);
  for (let row = reference.length - 1; row >= 0; row -= 1) {
    for (let column = found.length - 1; column >= 0; column -= 1)
      lengths[row * width + column] = isSame(row, column)
        ? 1 + length(row + 1, column + 1)
        : Math.max(length(row + 1, column), length(row, column + 1));
  }
  let column = 0;
  return reference.map((_, row) => {
    const isLater = (): boolean => {
      const later = length(row, column + 1);
      return later > 0 && later >= length(row + 1, column);
    };
    while (column < found.length && !isSame(row, column) && isLater()) column += 1;
    return column < found.length && isSame(row, column) ? column++ : undefined;
  });
}

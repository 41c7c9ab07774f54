/** The length of a text in Unicode code points, which every limit and price is stated in. */

export function countChars(text: string): number {
  let surrogatePairs = 0;
  for (let at = 0; at < text.length; at += 1) {
    if ((text.codePointAt(at) ?? 0) > 0xffff) {
      surrogatePairs += 1;
      at += 1;
    }
  }
  return text.length - surrogatePairs;
}

/** Whether a text has at most `max` characters, without counting those of a text that has twice as many UTF-16 units. */
export function hasAtMostChars(text: string, max: number): boolean {
  return text.length <= max || (text.length <= 2 * max && countChars(text) <= max);
}

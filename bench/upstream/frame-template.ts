/** A server's WebSocket text frame with placeholders, filled without building or serialising an object. ASCII only. */
export class FrameTemplate {
  /** The texts between the placeholders; `#numbers` has the placeholder between two texts. */
  readonly #texts: string[] = [];
  readonly #numbers: number[] = [];
  readonly #fixedLength: number;

  /** @param holes strings in the frame that `fill` replaces by values */
  constructor(frame: string, holes: readonly string[]) {
    let rest = frame;
    for (;;) {
      const found = holes
        .map((hole, number) => ({ number, hole, at: rest.indexOf(hole) }))
        .filter(({ at }) => at >= 0)
        .toSorted((a, b) => a.at - b.at)[0];
      if (found === undefined) break;
      this.#texts.push(rest.slice(0, found.at));
      this.#numbers.push(found.number);
      rest = rest.slice(found.at + found.hole.length);
    }
    this.#texts.push(rest);
    this.#fixedLength = this.#texts.reduce((length, text) => length + text.length, 0);
  }

  /** The complete frame with its header, one character for each byte. */
  fill(values: readonly string[]): string {
    let length = this.#fixedLength;
    let body = this.#texts[0] ?? '';
    for (const [index, number] of this.#numbers.entries()) {
      const value = values[number] ?? '';
      length += value.length;
      body += value + (this.#texts[index + 1] ?? '');
    }
    return header(length) + body;
  }
}

/** RFC 6455, 5.2: final, text, unmasked. */
function header(length: number): string {
  if (length < 126) return String.fromCharCode(0x81, length);
  if (length < 65_536) return String.fromCharCode(0x81, 126, length >> 8, length & 0xff);
  const bytes = [56, 48, 40, 32, 24, 16, 8, 0].map((shift) => Math.floor(length / 2 ** shift) % 256);
  return String.fromCharCode(0x81, 127, ...bytes);
}

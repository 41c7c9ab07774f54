/** The text of a response from its complete parts and items, for servers that send no deltas. */
import type { Item, Part, ContentPosition } from '../wire/index.js';

interface Output {
  /** The text of the complete item, which repeats that of its parts. */
  item: string;
  /** By content index. */
  readonly parts: Map<number, string>;
}

export class WholeText {
  /** By output index. */
  readonly #outputs = new Map<number, Output>();

  addPart({ outputIndex, contentIndex }: ContentPosition, text: string): void {
    if (text !== '') this.#output(outputIndex).parts.set(contentIndex, text);
  }

  addItem(outputIndex: number, item: Item): void {
    this.#output(outputIndex).item = textOfItem(item);
  }

  get text(): string {
    return inOrder(this.#outputs)
      .map(({ item, parts }) => (item === '' ? inOrder(parts).join('') : item))
      .join('');
  }

  #output(index: number): Output {
    const known = this.#outputs.get(index);
    if (known !== undefined) return known;
    const output: Output = { item: '', parts: new Map() };
    this.#outputs.set(index, output);
    return output;
  }
}

export function textOfItem({ parts }: Item): string {
  return parts.map(textOfPart).join('');
}

export function textOfPart(part: Part): string {
  return part.type === 'text' ? part.text : (part.transcript ?? '');
}

function inOrder<T>(byIndex: ReadonlyMap<number, T>): T[] {
  return [...byIndex].sort(([a], [b]) => a - b).map(([, value]) => value);
}

/** The history of Translate as a file: text and Markdown for people, JSON for programs. */
import { fileName, toJson, toText } from '../../export.js';
import { saveFile } from '../../save-file.js';
import type { Item } from '../../store/item.js';

export const EXPORT_FORMATS = ['txt', 'md', 'json'] as const;

export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportWords {
  readonly title: string;
  /** The source text, or the name of a recording. */
  readonly nameOf: (item: Item) => string;
  /** `English → Spanish` */
  readonly languagesOf: (item: Item) => string;
  readonly locale: string;
}

/** Saves those of `items` that have a translation, the oldest first. */
export function exportItems(items: readonly Item[], format: ExportFormat, words: ExportWords): void {
  const done = items.filter(({ text }) => text !== '');
  const content =
    format === 'json' ? json(done, words) : format === 'md' ? markdown(done, words) : text(done, words);
  saveFile(new Blob([content]), fileName('translations', Date.now(), format));
}

function text(items: readonly Item[], { title, nameOf }: ExportWords): string {
  return toText(
    title,
    items.map((item) => ({ at: item.createdAt, label: item.transcript ?? nameOf(item), text: item.text })),
  );
}

function json(items: readonly Item[], { nameOf }: ExportWords): string {
  return toJson(
    items.map((item) => ({
      at: item.createdAt,
      ...(item.input.kind === 'text'
        ? { original: item.input.text }
        : { recording: nameOf(item), transcript: item.transcript ?? null }),
      translation: item.text,
      source: item.source ?? null,
      target: item.target ?? null,
      pinned: item.pinned,
    })),
  );
}

function markdown(items: readonly Item[], { title, nameOf, languagesOf, locale }: ExportWords): string {
  const time = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  const blocks = items.map((item) => {
    const heard = item.input.kind === 'text' ? [] : [`*${escaped(nameOf(item))}*`];
    const original = item.input.kind === 'text' ? item.input.text : (item.transcript ?? '');
    const quoted = original === '' ? [] : [lines(original, '> ')];
    const heading = `## ${time.format(item.createdAt)} · ${escaped(languagesOf(item))}`;
    return [heading, ...heard, ...quoted, lines(item.text, '')].join('\n\n');
  });
  return [`# ${escaped(title)}`, ...blocks].join('\n\n') + '\n';
}

/** Line breaks stay where they were. */
function lines(content: string, prefix: string): string {
  return content
    .split('\n')
    .map((line) => (prefix + escaped(line)).trimEnd())
    .join(prefix === '' ? '  \n' : `  \n`);
}

/** What Markdown would take for its own signs. */
function escaped(content: string): string {
  return content.replace(/[\\`*_[\]<>]|^\s*(?:[#+-]|\d+\.)/g, (sign) => `\\${sign}`);
}

/** Histories as files: plain text for people, JSON for programs. */

/** One thing said and what came of it, without sounds. */
export interface ExportedLine {
  readonly at: number;
  /** Who or what, in the page's language: a speaker, or the name of a recording. */
  readonly label: string;
  readonly text: string;
}

/** Lines under their labels, a blank line between them. */
export function asText(title: string, lines: readonly ExportedLine[]): string {
  const blocks = lines.map(({ at, label, text }) => `${stamp(at)}  ${label}\n${text}`);
  return [title, ...blocks].join('\n\n') + '\n';
}

/** @param records whatever is worth keeping of each entry; times become ISO 8601 in UTC. */
export function asJson(
  records: readonly ({ readonly at: number } & Readonly<Record<string, unknown>>)[],
): string {
  const dated = records.map(({ at, ...rest }) => ({ at: new Date(at).toISOString(), ...rest }));
  return JSON.stringify(dated, null, 2) + '\n';
}

/** A name that sorts by time: `translate-2026-03-01-1405.json`. */
export function fileName(stem: string, at: number, extension: string): string {
  return `${stem}-${stamp(at).replace(' ', '-').replace(':', '')}.${extension}`;
}

/** In the reader's own time: 2026-03-01 14:05 */
function stamp(at: number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  return (
    `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}`
  );
}

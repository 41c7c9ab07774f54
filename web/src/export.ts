/** Exports histories: plain text for people, JSON for programs. */

/** One entry of a history, without audio. */
export interface ExportedLine {
  readonly at: number;
  /** The speaker, in the page's language, or the source text or name of a recording. */
  readonly label: string;
  readonly text: string;
}

/** Each line below its label, separated by blank lines. */
export function toText(title: string, lines: readonly ExportedLine[]): string {
  const blocks = lines.map(({ at, label, text }) => `${timestamp(at)}  ${label}\n${text}`);
  return [title, ...blocks].join('\n\n') + '\n';
}

/** @param records the fields to export of each entry; `at` becomes ISO 8601 in UTC. */
export function toJson(
  records: readonly ({ readonly at: number } & Readonly<Record<string, unknown>>)[],
): string {
  const dated = records.map(({ at, ...rest }) => ({ at: new Date(at).toISOString(), ...rest }));
  return JSON.stringify(dated, null, 2) + '\n';
}

/** A name that sorts by time: `translate-2026-03-01-1405.json`. */
export function fileName(stem: string, at: number, extension: string): string {
  return `${stem}-${timestamp(at).replace(' ', '-').replace(':', '')}.${extension}`;
}

/** In local time: 2026-03-01 14:05 */
function timestamp(at: number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  return (
    `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}`
  );
}

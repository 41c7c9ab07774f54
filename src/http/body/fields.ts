/** From what was sent to what was meant: aliases resolved, empty fields dropped, unknown and doubled ones refused by name. */
import type { Recording } from '../../audio/recording.js';
import type { FieldFault } from '../../errors.js';
import { MAX_FAULTS, pointerTo } from '../problem.js';

/** One field of a body, as it was sent. `value` is text, any JSON value, or a SentFile. */
export interface BodyField {
  readonly name: string;
  readonly value: unknown;
}

/** A file part of a form. */
export class UploadedFile {
  /** Undefined if it was not kept, because nothing that is asked for goes by its name. */
  content: Recording | undefined;
}

/** The recording is there, and is not known for a file: the sentence continues after the name of the field. */
export const WITHOUT_FILE_NAME =
  'must be a file part with a file name: `Content-Disposition: form-data; name="file"; filename="speech.wav"`.';

/** Names that a body may use, each with the field that it means. */
export type FieldNames = ReadonlyMap<string, string>;

/** @param table fields with their aliases. */
export function fieldNames(table: Readonly<Record<string, readonly string[]>>): FieldNames {
  return new Map(
    Object.entries(table).flatMap(([field, aliases]) => [field, ...aliases].map((name) => [name, field])),
  );
}

export interface Fields {
  /** By the field that was meant. */
  readonly values: Readonly<Record<string, unknown>>;
  /** The name each field was sent by. */
  readonly sentAs: ReadonlyMap<string, string>;
  readonly faults: FieldFault[];
}

function isEmpty(value: unknown): boolean {
  return value === '' || value === null || value === undefined;
}

export function normalizeFields(
  fields: readonly BodyField[],
  names: FieldNames,
  unknown: 'refused' | 'ignored',
): Fields {
  const values: Record<string, unknown> = {};
  const sentAs = new Map<string, string>();
  const faults: FieldFault[] = [];

  for (const { name, value } of fields) {
    if (faults.length >= MAX_FAULTS) break;
    if (isEmpty(value)) continue;
    const field = names.get(name);
    if (field === undefined) {
      if (unknown === 'refused') faults.push({ pointer: pointerTo(name), detail: unknownField(name, names) });
      continue;
    }
    const before = sentAs.get(field);
    if (before === undefined) {
      sentAs.set(field, name);
      values[field] = value;
    } else {
      const detail =
        before === name
          ? `\`${name}\` was sent more than once; send it once.`
          : `\`${name}\` and \`${before}\` mean the same; send one of them.`;
      faults.push({ pointer: pointerTo(name), detail });
    }
  }
  return { values, sentAs, faults };
}

function unknownField(name: string, names: FieldNames): string {
  const shown = name.length > 60 ? `${name.slice(0, 60)}…` : name;
  const meant = [...names.keys()].find((known) => known.toLowerCase() === name.toLowerCase());
  if (meant !== undefined) return `\`${shown}\` is not a known field; did you mean \`${meant}\`?`;
  return `\`${shown}\` is not a known field; known are ${[...new Set(names.values())].join(', ')}.`;
}

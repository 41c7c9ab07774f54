/** From the fields of a body to typed values: aliases resolved, empty fields dropped, everything else that is wrong reported by name. */
import { z } from 'zod';
import type { Recording } from '../../audio/recording.js';
import type { FieldFault } from '../../errors.js';
import type { HttpPorts } from '../ports.js';
import { invalidRequest, MAX_FAULTS, pointerTo, tooLarge } from '../problem.js';

/** One field of a body, as it was sent. `value` is text, any JSON value, or an UploadedFile. */
export interface BodyField {
  readonly name: string;
  readonly value: unknown;
}

/** A file part of a form. */
export class UploadedFile {
  /** Undefined if it was not stored, because its part has no name of a recording. */
  content: Recording | undefined;
}

/** For a recording whose part has no file name: continues after the name of the field. */
export const WITHOUT_FILE_NAME =
  'must be a file part with a file name: `Content-Disposition: form-data; name="file"; filename="speech.wav"`.';

/** `params` of schema issues that are 413 if nothing else is wrong. */
export const TOO_LARGE = { tooLarge: true };

/** The names that a body may use, each with the field that it means. */
export type FieldNames = ReadonlyMap<string, string>;

/** The fields of a schema by their names and, unless left out, by their aliases. */
export function fieldNames(schema: z.ZodObject, options = { aliases: true }): FieldNames {
  return new Map(
    Object.entries<z.ZodType>(schema.shape).flatMap(([field, type]) =>
      [field, ...(options.aliases ? aliasesOf(type) : [])].map((name) => [name, field]),
    ),
  );
}

/** Other names that a field may be sent by: `.meta({ aliases: [...] })` of its schema. */
export function aliasesOf(type: z.ZodType): readonly string[] {
  const aliases = type.meta()?.aliases;
  return Array.isArray(aliases) ? aliases.map(String) : [];
}

export interface Fields {
  /** By field, not by alias. */
  readonly values: Readonly<Record<string, unknown>>;
  /** The name that each field was sent by. */
  readonly sentAs: ReadonlyMap<string, string>;
  readonly faults: FieldFault[];
}

function isEmpty(value: unknown): boolean {
  return value === '' || value === null || value === undefined;
}

/**
 * @param repeatable the fields whose texts, sent by one name several times, are joined by commas.
 * @param keepsEmpty an empty text is a value; else it counts as absent.
 */
export function normalizeFields(
  fields: readonly BodyField[],
  names: FieldNames,
  unknown: 'refused' | 'ignored',
  { repeatable, keepsEmpty = false }: { repeatable?: ReadonlySet<string>; keepsEmpty?: boolean } = {},
): Fields {
  const values: Record<string, unknown> = {};
  const sentAs = new Map<string, string>();
  const faults: FieldFault[] = [];

  for (const { name, value } of fields) {
    if (faults.length >= MAX_FAULTS) break;
    if (isEmpty(value) && !(keepsEmpty && value === '')) continue;
    const field = names.get(name);
    if (field === undefined) {
      if (unknown === 'refused') faults.push({ pointer: pointerTo(name), detail: unknownField(name, names) });
      continue;
    }
    const before = sentAs.get(field);
    if (before === undefined) {
      sentAs.set(field, name);
      values[field] = value;
    } else if (before === name && repeatable?.has(field)) {
      values[field] = `${String(values[field])},${String(value)}`;
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

/**
 * @param more faults that the schema cannot find, because they concern several fields.
 * @throws GatewayError `invalid-request` with every fault; `payload-too-large` if size is the only one.
 */
export function validate<S extends z.ZodType>(
  fields: Fields,
  schema: S,
  more: readonly FieldFault[] = [],
): z.output<S> {
  const parsed = schema.safeParse(fields.values);
  if (parsed.success && fields.faults.length + more.length === 0) return parsed.data;
  const faults = [...fields.faults, ...more];
  const oversize: FieldFault[] = [];
  for (const issue of parsed.error?.issues ?? []) {
    const field = String(issue.path[0] ?? '');
    const name = fields.sentAs.get(field) ?? field;
    const isOversize = issue.code === 'custom' && issue.params === TOO_LARGE;
    (isOversize ? oversize : faults).push({
      pointer: pointerTo(name),
      detail: `\`${name}\` ${issue.message}`,
    });
  }
  throw faults.length > 0 ? invalidRequest([...faults, ...oversize]) : tooLarge(oversize);
}

/** @throws GatewayError `invalid-request` that names the provider's voices, if they are known and `voice` is not one. */
export async function checkVoice(
  voice: string | undefined,
  pointer: string,
  ports: Pick<HttpPorts, 'capabilities'>,
): Promise<void> {
  if (voice === undefined) return;
  const { voices } = await ports.capabilities();
  if (voices.length === 0 || voices.includes(voice)) return;
  const detail = `\`voice\` must be one of ${voices.map((name) => `\`${name}\``).join(', ')}.`;
  throw invalidRequest([{ pointer, detail }]);
}

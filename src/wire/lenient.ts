/** Reading what other people's servers write: a field we can do without never spoils the event it stands in. */
import { z } from 'zod';

/** Absent, null or of another kind than expected: undefined, but null stays null. */
export function lenient<T extends z.ZodType>(schema: T) {
  return schema.nullish().catch(undefined);
}

/** Where something belongs; servers that have only one leave it out. */
export const index = z
  .int()
  .min(0)
  .nullish()
  .transform((value) => value ?? 0);

/** An id we can do without. */
export const looseId = z
  .string()
  .nullish()
  .transform((value) => value ?? '');

/** Only pairs of strings are metadata; others are left out. */
export const looseMetadata = lenient(z.record(z.string(), z.unknown())).transform((pairs) =>
  pairs == null
    ? undefined
    : Object.fromEntries(
        Object.entries(pairs).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
      ),
);

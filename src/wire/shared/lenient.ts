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
export const looseMetadata = z
  .unknown()
  .optional()
  .transform((pairs): Record<string, string> | undefined => {
    if (typeof pairs !== 'object' || pairs === null || Array.isArray(pairs)) return undefined;
    const kept: Record<string, string> = {};
    for (const [key, value] of Object.entries(pairs)) if (typeof value === 'string') kept[key] = value;
    return kept;
  });

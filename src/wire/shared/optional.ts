/** Fields that may be absent: left out of what we make, and tolerated in what other people's servers send. */
import { z } from 'zod';

/** The same fields, those that may be undefined made optional. */
export type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Leaves out the fields that are undefined; null stays. */
export function defined<T extends object>(fields: T): Defined<T> {
  // A loop: this runs for every frame that is read, and going through entries costs five times as much.
  const kept: Record<string, unknown> = {};
  for (const name in fields) if (fields[name] !== undefined) kept[name] = fields[name];
  return kept as Defined<T>;
}

/** An optional field never spoils its event: undefined if it is absent or not as expected, null if it is null. */
export function lenient<T extends z.ZodType>(schema: T) {
  return schema.nullish().catch(undefined);
}

/** A position in a list; servers that only ever have one entry leave it out. */
export const looseIndex = z
  .int()
  .min(0)
  .nullish()
  .transform((value) => value ?? 0);

/** An id that is not needed for routing. */
export const looseId = z
  .string()
  .nullish()
  .transform((value) => value ?? '');

/** Frames have optional fields, never undefined ones. */

/** The same fields, those that may be undefined made optional. */
export type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Leaves out the fields that are undefined; null stays. */
export function defined<T extends object>(fields: T): Defined<T> {
  // A loop: this stands in the way of every frame, and a way through entries costs five times as much.
  const kept: Record<string, unknown> = {};
  for (const name in fields) if (fields[name] !== undefined) kept[name] = fields[name];
  return kept as Defined<T>;
}

/** The same for what goes into `JSON.stringify`, which leaves them out by itself: nothing is copied. */
export function forJson<T extends object>(fields: T): Defined<T> {
  return fields;
}

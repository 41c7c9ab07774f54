/** Reads frames as servers do whose parsers pass over the fields that they do not know. */
import type { ClientEvent, Decoded, Dialect } from '../../../wire/index.js';

export type Json = Record<string, unknown>;

/** An object of JSON; undefined for anything else. */
export function asObject(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

export function parseObject(frame: string): Json | undefined {
  try {
    return asObject(JSON.parse(frame));
  } catch {
    return undefined;
  }
}

/** What stands at a path like `session.audio.input`, if it is an object. */
export function objectAt(frame: Json, path: string): Json | undefined {
  return path.split('.').reduce<Json | undefined>((found, key) => asObject(found?.[key]), frame);
}

/** More unknown fields than any client sends. */
const MAX_UNKNOWN = 50;

/** Decodes by the strict schema of the dialect, without the fields that it does not have. */
export function readLeniently(frame: Json, dialect: Dialect): Decoded<ClientEvent> {
  const kept = structuredClone(frame);
  for (let removed = 0; ; removed += 1) {
    const decoded = dialect.decodeClient(JSON.stringify(kept));
    if (decoded.kind !== 'malformed' || decoded.code !== 'unknown_parameter' || removed > MAX_UNKNOWN)
      return decoded;
    if (!removeAt(kept, decoded.param ?? '')) return decoded;
  }
}

/** @param path as errors name it: `response.input[0].foo` */
function removeAt(frame: Json, path: string): boolean {
  const keys = path.split(/[.[\]]+/).filter((key) => key !== '');
  const last = keys.pop();
  let holder: unknown = frame;
  for (const key of keys) holder = (holder as Json | undefined)?.[key];
  if (last === undefined || typeof holder !== 'object' || holder === null) return false;
  return Reflect.deleteProperty(holder, last);
}

/** The fields of an object but for some. */
export function without<T extends object, K extends keyof T>(fields: T, ...names: readonly K[]): Omit<T, K> {
  const kept = { ...fields };
  for (const name of names) Reflect.deleteProperty(kept, name);
  return kept;
}

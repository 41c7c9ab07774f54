/** Mutated frames, the same for the same seed. */

/** Numbers in [0, 1), by mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const JUNK: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  0.5,
  1e308,
  '',
  'x',
  'AAAA',
  '\u0000\ud800',
  'x'.repeat(10_000),
  [],
  {},
  [null],
  [[[[[[[[]]]]]]]],
  { type: 'message' },
  { type: 'server_vad' },
  { id: 7, type: null, role: 'user', content: 'x' },
  JSON.parse('{"__proto__":{"type":"x"},"constructor":1,"toString":null}'),
];

const KEYS = ['__proto__', 'constructor', 'type', 'id', 'item', 'response', 'content', 'delta', 'error', 'x'];

/** Mutates a frame: a part is replaced, removed, renamed or doubled, or its text cut or corrupted. */
export function mutate(frame: unknown, random: () => number): string {
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  const change = (value: unknown, depth: number): unknown => {
    const here = typeof value !== 'object' || value === null || random() < 0.15 * depth;
    if (here) return pick(JUNK);
    if (Array.isArray(value)) {
      const index = Math.floor(random() * (value.length + 1));
      return random() < 0.2
        ? [...(value as unknown[]), ...(value as unknown[])]
        : (value as unknown[]).toSpliced(index, 1, change(value[index], depth + 1));
    }
    const entries: [string, unknown][] = Object.entries(value);
    const index = Math.floor(random() * (entries.length + 1));
    const [key, inner] = entries[index] ?? [pick(KEYS) ?? 'x', pick(JUNK)];
    const roll = random();
    const changed: [string, unknown][] =
      roll < 0.15 ? [] : [[roll < 0.3 ? (pick(KEYS) ?? 'x') : key, change(inner, depth + 1)]];
    return Object.fromEntries(entries.toSpliced(index, 1, ...changed));
  };
  let changed = frame;
  do changed = change(changed, 0);
  while (random() < 0.3);
  const text = JSON.stringify(changed);
  if (random() < 0.9) return text;
  const cut = Math.floor(random() * text.length);
  return random() < 0.5
    ? text.slice(0, cut)
    : `${text.slice(0, cut)}${pick(['"', '}', '\u0000', '\\u', 'é']) ?? ''}${text.slice(cut + 1)}`;
}

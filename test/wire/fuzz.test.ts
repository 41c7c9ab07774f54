/** Thousands of mutated frames: none throws, and none becomes an event that its neutral schema does not allow. */
import { describe, expect, it } from '@jest/globals';
import { type Decoded, clientDialects } from '../../src/wire/index.js';
import type { z } from 'zod';
import { clientFixtures, serverFixtures } from '../support/wire/fixtures.js';
import { mutate, randomOf } from '../support/wire/mutations.js';
import { clientEvent, serverEvent } from '../support/wire/neutral-schema.js';

const ROUNDS = 15_000;

/** Why an outcome is not one of the three allowed; empty if it is. */
function fault<E>(decoded: Decoded<E>, schema: z.ZodType<E>): string {
  switch (decoded.kind) {
    case 'event': {
      const checked = schema.safeParse(decoded.event);
      return checked.success ? '' : JSON.stringify(checked.error.issues[0]);
    }
    case 'ignored':
      return typeof decoded.type === 'string' ? '' : 'ignored without a type';
    case 'malformed':
      return decoded.code !== '' && decoded.reason !== '' && decoded.reason.length < 1000
        ? ''
        : 'a code or reason that is empty or too long';
  }
}

function fuzz<E>(
  frames: readonly unknown[],
  decode: (frame: string) => Decoded<E>,
  schema: z.ZodType<E>,
  seed: number,
) {
  const random = randomOf(seed);
  const outcomes = { event: 0, ignored: 0, malformed: 0 };
  const wrong: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const frame = mutate(frames[round % frames.length], random);
    const decoded = decode(frame);
    outcomes[decoded.kind] += 1;
    const why = fault(decoded, schema);
    if (why !== '') wrong.push(`${why} of ${frame.slice(0, 500)}`);
  }
  return { wrong, outcomes };
}

describe.each(Object.values(clientDialects))('in $name', (dialect) => {
  it.each([1, 2])('a mutated server frame has one of three outcomes, seed %i', (seed) => {
    const frames = serverFixtures(dialect.name).map(({ frame }) => frame);
    const { wrong, outcomes } = fuzz(frames, (frame) => dialect.decodeServer(frame), serverEvent, seed);
    expect(wrong).toEqual([]);
    expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(ROUNDS / 50);
  });

  it.each([3, 4])('a mutated client frame is an event or rejected, seed %i', (seed) => {
    const frames = clientFixtures(dialect.name).map(({ frame }) => frame);
    const { wrong, outcomes } = fuzz(frames, (frame) => dialect.decodeClient(frame), clientEvent, seed);
    expect(wrong).toEqual([]);
    expect(outcomes.ignored).toBe(0);
    expect(Math.min(outcomes.event, outcomes.malformed)).toBeGreaterThan(ROUNDS / 50);
  });

  it('a frame cannot pollute Object.prototype', () => {
    dialect.decodeServer('{"__proto__":{"spoilt":1},"type":"error","error":{"__proto__":{"spoilt":1}}}');
    dialect.decodeClient('{"type":"response.create","response":{"metadata":{"__proto__":"spoilt"}}}');
    dialect.decodeServer(
      '{"type":"response.done","response":{"id":"r","metadata":{"__proto__":"spoilt","constructor":"c"}}}',
    );
    expect({}).not.toHaveProperty('spoilt');
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });

  it('a frame nested a hundred thousand deep is handled as any other', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(dialect.decodeServer(`{"type":"error","error":${deep}}`)).toMatchObject({ kind: 'malformed' });
    expect(dialect.decodeServer(`{"type":"new","x":${deep}}`)).toMatchObject({ kind: 'ignored' });
    expect(dialect.decodeClient(`{"type":"response.create","response":{"prompt":${deep}}}`)).toMatchObject({
      kind: 'malformed',
    });
  });
});

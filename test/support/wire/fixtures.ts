/** Frames written by hand after the published schema and examples, each with the neutral event that it means. */
import { readFileSync } from 'node:fs';
import type { ClientEvent, DialectName, ServerEvent } from '../../../src/wire/index.js';

export interface Fixture<E> {
  /** Where the frame comes from. */
  source: string;
  frame: unknown;
  event: E;
}

export interface Refused {
  source: string;
  frame: unknown;
  code: string;
  param?: string;
  reason?: string;
  eventId?: string;
}

function load(path: string): unknown {
  const text = readFileSync(new URL(`../../fixtures/wire/${path}.json`, import.meta.url), 'utf8');
  return JSON.parse(text, (_, value: unknown) =>
    isBytes(value) ? Buffer.from(value.hex, 'hex') : value,
  ) as unknown;
}

/** Samples stand in a fixture as `{"hex": "0000ffff"}`. */
function isBytes(value: unknown): value is { hex: string } {
  return typeof value === 'object' && value !== null && Object.keys(value).join() === 'hex';
}

export function serverFixtures(dialect: DialectName): Fixture<ServerEvent>[] {
  return load(`${dialect}/server`) as Fixture<ServerEvent>[];
}

export function clientFixtures(dialect: DialectName): Fixture<ClientEvent>[] {
  return load(`${dialect}/client`) as Fixture<ClientEvent>[];
}

/** What this dialect refuses, and what every dialect does. */
export function refusedFixtures(dialect: DialectName): Refused[] {
  return [...(load('both/refused') as Refused[]), ...(load(`${dialect}/refused`) as Refused[])];
}

export function schema(): unknown {
  return load('openai-realtime.schema');
}

/** A pool over an imitated server, at a level of isolation. */
import { resample } from '../../src/audio/resample.js';
import { imitations, type ImitationName } from '../../src/offline/server/like/imitations.js';
import type { ResponderRequest } from '../../src/offline/server/responder.js';
import type { IsolationLevel } from '../../src/providers/isolation-level.js';
import { createIsolation } from '../../src/upstream/isolation/levels.js';
import { startPooled, type Pooled, type PooledOptions } from './pool.js';

export interface Pairing {
  readonly like: ImitationName;
  readonly level: IsolationLevel;
}

/** Each level with the servers that it is for. */
export const PAIRINGS: readonly Pairing[] = [
  { like: 'openai', level: 'reference' },
  { like: 'hf', level: 'inline' },
  { like: 'voicelive', level: 'inline' },
  { like: 'localai', level: 'sweep' },
  { like: 'speaches', level: 'sweep' },
  { like: 'localai', level: 'fresh' },
  { like: 'speaches', level: 'fresh' },
];

/** A server that refuses the rate of speech recognition, and would allow a stronger level. */
export const OPENAI_SWEPT: Pairing = { like: 'openai', level: 'sweep' };

/** Those at which one request has a socket for itself. */
export const FOREIGN = PAIRINGS.filter(({ level }) => level !== 'reference');
/** Those at which recordings are heard. */
export const HEARING = PAIRINGS.filter(({ like }) => like !== 'hf');

export function startLike({ like, level }: Pairing, options: PooledOptions = {}): Promise<Pooled> {
  const kind = imitations[like];
  const isolation = createIsolation(level, resample);
  const maxPerSocket = isolation.capacity(16);
  return startPooled({
    ...options,
    dialect: kind.dialect.name,
    scripted: { ...options.scripted, kind },
    pool: { maxPerSocket, servesOnce: isolation.servesOnce, ...options.pool },
    connection: { isolation, ...options.connection },
  });
}

/** Everything that the server holds for an answer: instructions and the words of each item, in order. */
export function held({ instructions, items }: ResponderRequest): string {
  const texts = items.flatMap(({ role, parts }) =>
    parts.map((part) => {
      if (part.type === 'text') return `${role}: ${part.text}`;
      return `${role} said: ${part.transcript ?? `${part.audio?.length ?? 0} bytes`}`;
    }),
  );
  return [instructions === '' ? [] : [`instructions: ${instructions}`], texts].flat().join(' | ');
}

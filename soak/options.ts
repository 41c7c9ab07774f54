/** The command line of the soak. */
import { parseArgs } from 'node:util';

export interface Options {
  readonly minutes: number;
  /** Concurrent clients, each with a pause after every scenario. */
  readonly clients: number;
  readonly seed: number;
  /** Keeps sessions, tickets and limits in a Redis started for the soak, which is restarted and frozen now and then. */
  readonly redis: boolean;
}

export const USAGE = `npm run soak -- [--minutes 2] [--clients 16] [--seed N] [--redis]`;

/** @throws Error whose message is for the user */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '2' },
      clients: { type: 'string', default: '16' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      redis: { type: 'boolean', default: false },
    },
  });
  const minutes = Number(values.minutes);
  const clients = Number(values.clients);
  const seed = Number(values.seed);
  if (!(minutes > 0 && minutes <= 10_000)) throw new Error('--minutes must be above 0, at most 10000.');
  if (!Number.isInteger(clients) || clients < 1 || clients > 500)
    throw new Error('--clients must be a whole number from 1 to 500.');
  if (!Number.isInteger(seed) || seed < 0) throw new Error('--seed must be a whole number.');
  return { minutes, clients, seed, redis: values.redis };
}

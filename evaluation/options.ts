/** The command line of the evaluation. */
import { parseArgs } from 'node:util';

const ENGINES = ['known', 'scripted', 'offline'] as const;

/**
 * Who tells the words: `known` gives them to segments without the service, `scripted` and `offline` go through the service,
 * with an upstream that knows them and with the speech engine.
 */
export type EngineName = (typeof ENGINES)[number];

export interface Options {
  readonly engines: readonly EngineName[];
  readonly parallel: boolean;
  readonly kills: boolean;
  readonly minutes: number;
  readonly sentences: number;
  readonly noise: 'pink' | 'white';
  readonly seed: number;
}

export const USAGE = `npm run evaluate:subtitles -- [--engine known|scripted|offline]… [--parallel] [--kills]
                               [--minutes 60] [--sentences 200] [--noise pink|white] [--seed 1]
Without --engine, --parallel and --kills all of them are measured.`;

/** @throws Error whose message is for the user */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      engine: { type: 'string', multiple: true, default: [] },
      parallel: { type: 'boolean', default: false },
      kills: { type: 'boolean', default: false },
      minutes: { type: 'string', default: '60' },
      sentences: { type: 'string' },
      noise: { type: 'string', default: 'pink' },
      seed: { type: 'string', default: '1' },
    },
  });
  const { noise, parallel, kills } = values;
  const minutes = positive('minutes', values.minutes);
  const sentences = positive('sentences', values.sentences ?? String(Math.round((minutes * 200) / 60)));
  const seed = positive('seed', values.seed);
  if (!Number.isInteger(sentences)) throw new Error('--sentences must be a whole number.');
  if (noise !== 'pink' && noise !== 'white') throw new Error('--noise must be pink or white.');
  const engines = values.engine.map((name) => {
    const engine = ENGINES.find((each) => each === name);
    if (engine === undefined) throw new Error(`--engine must be ${ENGINES.join(', ')}, not '${name}'.`);
    return engine;
  });
  const isEverything = engines.length === 0 && !parallel && !kills;
  return {
    ...(isEverything ? { engines: ENGINES, parallel: true, kills: true } : { engines, parallel, kills }),
    ...{ minutes, sentences, noise, seed },
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1e6)) throw new Error(`--${name} must be a number above 0, not '${text}'.`);
  return value;
}

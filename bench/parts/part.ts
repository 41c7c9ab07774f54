/** What a part of the bench is given, and gives. */
import type { Stage } from '../stage.js';
import type { Entry } from '../table.js';

export interface Pace {
  readonly rounds: number;
  /** Of one side in one round. */
  readonly roundMs: number;
  /** Before the first round, for each side: until its code is compiled. */
  readonly warmMs: number;
  /** Largest number of requests, sessions and conversations, as a share of the full one. */
  readonly scale: number;
}

export type Part = (stage: Stage, pace: Pace) => Promise<Entry[]>;

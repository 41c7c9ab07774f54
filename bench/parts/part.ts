/** The interface of a part of the bench. */
import type { TestBed } from '../test-bed.js';
import type { Entry } from '../table.js';

export interface Pace {
  readonly rounds: number;
  /** The duration of one side in one round. */
  readonly roundMs: number;
  /** Warm-up of each side before the first round, until its code is compiled. */
  readonly warmMs: number;
  /** The number of requests, sessions and conversations, as a share of the full number. */
  readonly scale: number;
}

export type Part = (testBed: TestBed, pace: Pace) => Promise<Entry[]>;

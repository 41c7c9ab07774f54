/** The levels of isolation, by name. */
import type { IsolationLevel } from '../../providers/isolation-level.js';
import { inline } from './inline.js';
import type { Isolation } from './isolation.js';
import { reference } from './reference.js';
import { createSweep, type Resample } from './sweep.js';

/** @param resample for levels that send recordings at the rate of a server's speech recognition */
export function createIsolation(level: IsolationLevel, resample: Resample): Isolation {
  switch (level) {
    case 'reference':
      return reference;
    case 'inline':
      return inline;
    case 'sweep':
    case 'fresh':
      return createSweep(level, resample);
  }
}

/** A socket serves one request, as `sweep` does, and is closed: for servers that delete nothing. */
import { FAULT_GRACE_MS } from './foreign-session.js';
import type { Isolation } from './isolation.js';
import { OneAtATime } from './one-at-a-time.js';
import type { SpeechHabit } from './plan.js';
import {
  createPlan,
  habitOf,
  sweptConversation,
  sweptFallback,
  sweptSettings,
  type Resample,
} from './sweep.js';

export function createFresh(resample: Resample): Isolation {
  const habit: SpeechHabit = { answersByItself: undefined };
  const plan = createPlan(resample, false);
  return {
    level: 'fresh',
    servesOnce: true,
    faultGraceMs: FAULT_GRACE_MS,
    capacity: () => 1,
    hearsRecordings: () => true,
    settings: sweptSettings,
    fallback: sweptFallback,
    conversationSettings: sweptConversation,
    createRouter: (setup) => new OneAtATime(setup, plan, habitOf(habit, setup.dialect)),
  };
}

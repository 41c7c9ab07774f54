/** One request at a time outside the conversation: prompt, context and question travel in the response itself. */
import { foreignSettings, FAULT_GRACE_MS } from './foreign-session.js';
import type { Isolation } from './isolation.js';
import { OneAtATime } from './one-at-a-time.js';
import { questionItems, type ExchangePlan } from './plan.js';

const PLAN: ExchangePlan = {
  opening: () => ({ events: [], isCommitted: false }),
  response: (request, requestId) => ({
    conversation: 'none',
    output: request.output,
    ...(request.output === 'audio' && request.voice !== undefined ? { voice: request.voice } : {}),
    instructions: request.prompt,
    metadata: { ...request.metadata, request_id: requestId },
    input: questionItems(request),
  }),
  leavesItems: false,
  deletesItems: false,
};

export const inline: Isolation = {
  level: 'inline',
  servesOnce: false,
  faultGraceMs: FAULT_GRACE_MS,
  capacity: () => 1,
  hearsRecordings: ({ hearsInput }) => hearsInput,
  settings: foreignSettings,
  conversationSettings: foreignSettings,
  createRouter: (setup) => new OneAtATime(setup, PLAN, { answersByItself: undefined }),
};

/** What the OpenAPI document says of each route: what it takes, what it answers, and how it can fail. */
import { CONVERSATION_OPERATIONS } from './operations/conversations.js';
import { DOCUMENT_OPERATIONS } from './operations/documents.js';
import { JOB_OPERATIONS } from './operations/jobs.js';
import { SESSION_OPERATIONS } from './operations/sessions.js';
import { STATE_OPERATIONS } from './operations/state.js';
import { TRANSLATION_OPERATIONS } from './operations/translations.js';
import type { Operation } from './operations/operation.js';

export const TAGS = {
  Translation: 'A sentence or a recording in, its translation back.',
  Sessions: 'A prompt, languages and a voice under an id.',
  Jobs: 'Recordings that are translated in the background.',
  Conversations: 'WebSockets that relay the Realtime protocol; their events are in `/asyncapi.json`.',
  State: 'The state of the service and what it can do.',
  Documents: 'The page, and the service described for people and machines.',
};

/** By their ids. */
export const OPERATIONS = {
  ...TRANSLATION_OPERATIONS,
  ...SESSION_OPERATIONS,
  ...JOB_OPERATIONS,
  ...CONVERSATION_OPERATIONS,
  ...STATE_OPERATIONS,
  ...DOCUMENT_OPERATIONS,
} satisfies Record<string, Operation>;

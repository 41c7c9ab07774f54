/** Operations on sessions. */
import { pageSchema } from '../../schemas.js';
import * as examples from '../examples.js';
import { FORM_TYPE, IN_A_SESSION, json, JSON_TYPE, WITH_A_BODY, type Operation } from './operation.js';

export const SESSION_OPERATIONS = {
  createSession: {
    id: 'createSession',
    tag: 'Sessions',
    summary: 'Make a session',
    body: {
      required: false,
      content: {
        [JSON_TYPE]: { schema: 'SessionInput', example: examples.sessionInputExample },
        [FORM_TYPE]: { schema: 'SessionInputForm', example: { source: 'en', target: 'es' } },
      },
    },
    answers: {
      201: {
        description: 'The session.',
        content: json('Session', examples.sessionExample),
        headers: ['Location'],
      },
    },
    problems: [...WITH_A_BODY, 'session-limit', 'store-unavailable'],
  },
  listSessions: {
    id: 'listSessions',
    tag: 'Sessions',
    summary: "The caller's own sessions",
    query: { schema: pageSchema },
    answers: {
      200: {
        description: 'A page of sessions.',
        content: json('SessionList', { sessions: [examples.sessionExample], nextCursor: null }),
      },
    },
    problems: ['invalid-request', 'store-unavailable'],
  },
  getSession: {
    id: 'getSession',
    tag: 'Sessions',
    summary: 'Look at a session',
    answers: { 200: { description: 'The session.', content: json('Session', examples.sessionExample) } },
    problems: ['invalid-request', ...IN_A_SESSION],
  },
  deleteSession: {
    id: 'deleteSession',
    tag: 'Sessions',
    summary: 'End a session, and the translations that run in it',
    answers: { 204: { description: 'It is gone.' } },
    problems: ['invalid-request', ...IN_A_SESSION],
  },
} satisfies Record<string, Operation>;

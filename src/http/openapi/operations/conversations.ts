/** Operations that open conversations (WebSockets), and issue their tickets. */
import { CONVERSATION_QUERIES } from '../../endpoints/conversations.js';
import * as examples from '../examples.js';
import { json, type Operation } from './operation.js';

const conversation = (id: string, summary: string, kind: keyof typeof CONVERSATION_QUERIES): Operation => ({
  id,
  tag: 'Conversations',
  summary,
  description:
    'Asks for a WebSocket. With `target` it interprets, with `prompt` it does what that says, without either it assists.',
  query: CONVERSATION_QUERIES[kind],
  answers: {
    101: {
      description: 'From here on it is a WebSocket: see `/asyncapi.json`.',
    },
  },
  problems: ['invalid-request', 'forbidden', 'pool-saturated', 'store-unavailable'],
});

export const CONVERSATION_OPERATIONS = {
  issueTicket: {
    id: 'issueTicket',
    tag: 'Conversations',
    summary: 'A ticket for one conversation within 30 s',
    description: 'For browsers, which can send no header with a WebSocket. Any body is ignored.',
    answers: {
      201: { description: 'The ticket.', content: json('Ticket', examples.ticketExample) },
    },
    problems: ['store-unavailable'],
  },
  converseByVoice: conversation('converseByVoice', 'A spoken conversation', 'voice'),
  converseByText: conversation('converseByText', 'A written conversation', 'text'),
} satisfies Record<string, Operation>;

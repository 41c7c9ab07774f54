/** Operations that tell the state of the service and what it can do. */
import { json, type Operation } from './operation.js';

export const STATE_OPERATIONS = {
  getCapabilities: {
    id: 'getCapabilities',
    tag: 'State',
    summary: 'Languages, voices, limits and formats',
    answers: { 200: { description: 'What can be done here.', content: json('Capabilities') } },
    problems: [],
  },
  getHealth: {
    id: 'getHealth',
    tag: 'State',
    summary: 'The service in numbers',
    answers: { 200: { description: 'It answers.', content: json('Health') } },
    problems: [],
  },
  getLiveness: {
    id: 'getLiveness',
    tag: 'State',
    summary: 'Whether the process lives',
    answers: { 200: { description: 'It does.', content: json('Live', { status: 'ok' }) } },
    problems: [],
  },
  getReadiness: {
    id: 'getReadiness',
    tag: 'State',
    summary: 'Whether the service can take work',
    answers: { 200: { description: 'It can.', content: json('Ready') } },
    problems: ['not-ready'],
  },
  getMetrics: {
    id: 'getMetrics',
    tag: 'State',
    summary: 'The service in numbers, for Prometheus',
    answers: { 200: { description: 'The metrics.', content: { 'text/plain': {} } } },
    problems: [],
  },
} satisfies Record<string, Operation>;

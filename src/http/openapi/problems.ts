/** When each code is sent, and how the responses of one status are described. */
import { describeError, type ErrorCode } from '../../errors.js';
import { PROBLEM_TYPE, problemType } from '../problem.js';
import { NOT_READY } from './responses.js';

export type ProblemCode = ErrorCode | typeof NOT_READY;

const WHEN: Readonly<Record<ProblemCode, string>> = {
  'invalid-request': 'The input is not as described; `errors` has one entry for each fault.',
  unauthorized: 'The key or the ticket is missing, unknown or used up.',
  forbidden: 'The page that asks is of an origin that is not in CORS_ORIGINS.',
  'session-not-found': 'No such session, or it is that of another key.',
  'job-not-found': 'No such job, or it is that of another key.',
  'job-not-finished': 'The job has not ended yet; `partial=true` gives what there is.',
  'job-limit': 'The key has as many jobs as are kept for one.',
  'not-found': 'There is nothing at this path: no such segment or target, or nothing that could go on.',
  'method-not-allowed': 'The path has other methods; `Allow` names them.',
  'request-timeout': 'The body came more slowly than 1 kB a second.',
  'session-conflict': 'A field differs from what the session was made with.',
  'session-closed': 'The session was deleted while the translation ran.',
  'payload-too-large': 'The text, the file or the body is larger than is taken.',
  'audio-too-long': 'The recording lasts longer than is taken.',
  'unsupported-media-type': 'The body, or the recording in it, is of a kind that is not taken.',
  'undecodable-audio': 'The recording cannot be decoded.',
  'empty-audio': 'The recording has no samples.',
  'unsupported-language': 'The provider does not translate between these languages.',
  'content-filtered': 'The provider cut the answer off by its content rules.',
  'rate-limited': 'The points of this minute are spent, or too much runs at a time.',
  'session-limit': 'The limit of sessions is reached.',
  internal: 'A fault of the service; it is logged under the request id.',
  'upstream-unavailable': 'The provider cannot be reached, or failed.',
  'upstream-rejected': 'The provider refuses the credentials, the model or the request.',
  'translation-incomplete':
    'The answer broke off, or lacks what was asked for; `partial` has what had arrived.',
  'pool-saturated': 'All places are taken, and the queue is full.',
  'upstream-rate-limited': 'The provider limits this service.',
  draining: 'The service is shutting down.',
  'store-unavailable': 'The store of sessions and tickets cannot be reached.',
  'offline-engine-missing': 'A part of the offline engine is not installed.',
  'upstream-timeout': 'The provider did not answer in time; `partial` has what had arrived.',
  'storage-full': 'The disk has no space left for the recording.',
  [NOT_READY]: 'A check failed: `checks` says which.',
};

const HEADERS_OF: Readonly<Partial<Record<number, readonly string[]>>> = {
  401: ['WWW-Authenticate'],
  409: ['Retry-After'],
  429: ['Retry-After', 'WWW-Authenticate'],
  502: ['Retry-After'],
  503: ['Retry-After'],
};

function statusOf(code: ProblemCode): number {
  return code === NOT_READY ? 503 : describeError(code).status;
}

/** One response for each status, with its codes. */
export function describeProblems(codes: readonly ProblemCode[]) {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of codes) byStatus.set(statusOf(code), [...(byStatus.get(statusOf(code)) ?? []), code]);
  return [...byStatus].map(([status, ofStatus]) => ({
    status,
    headers: HEADERS_OF[status] ?? [],
    description: ofStatus.map((code) => `\`${code}\`: ${WHEN[code]}`).join('\n\n'),
    content: {
      [PROBLEM_TYPE]: {
        schema: {
          allOf: [
            { $ref: '#/components/schemas/Problem' },
            { properties: { status: { const: status }, code: { enum: ofStatus } } },
          ],
        },
        examples: Object.fromEntries(ofStatus.map((code) => [code, { value: exampleOf(code) }])),
      },
    },
  }));
}

function exampleOf(code: ProblemCode) {
  const { title, retryable } =
    code === NOT_READY ? { title: 'Not ready', retryable: true } : describeError(code);
  return {
    type: problemType(code),
    title,
    status: statusOf(code),
    detail: WHEN[code],
    code,
    requestId: 'f3b5c7a2-5d0e-4a6e-9a39-0d1c8a2b7e11',
    retryable,
  };
}

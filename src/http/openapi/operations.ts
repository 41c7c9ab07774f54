/** What the OpenAPI document says of each route: what it takes, what it answers, and how it can fail. */
import type { z } from 'zod';
import { CONVERSATION_QUERIES } from '../endpoints/conversations.js';
import type { FieldNames } from '../body/fields.js';
import { pageSchema, resultQuerySchema, soundQuerySchema } from '../schemas.js';
import type { ProblemCode } from './problems.js';
import * as examples from './examples.js';

export interface Content {
  /** A named schema of the document; absent: text or bytes that no schema describes. */
  readonly schema?: string;
  readonly example?: unknown;
}

export interface OperationResponse {
  readonly description: string;
  readonly content?: Readonly<Record<string, Content>>;
  /** In addition to those that all its responses have. */
  readonly headers?: readonly string[];
}

export interface Operation {
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly query?: { readonly schema: z.ZodObject; readonly names?: FieldNames };
  readonly body?: { readonly required: boolean; readonly content: Readonly<Record<string, Content>> };
  readonly answers: Readonly<Record<number, OperationResponse>>;
  readonly problems: readonly ProblemCode[];
}

export const TAGS = {
  Translation: 'A sentence or a recording in, its translation back.',
  Sessions: 'A prompt, languages and a voice under an id.',
  Jobs: 'Recordings that are translated behind the answer.',
  Conversations: 'WebSockets that relay the Realtime protocol; their events are in `/asyncapi.json`.',
  State: 'The state of the service and what it can do.',
  Documents: 'The page, and the service described for people and machines.',
};

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';
const HTML_TYPE = 'text/html';

const json = (schema: string, example?: unknown): Record<string, Content> => ({
  [JSON_TYPE]: { schema, ...(example !== undefined && { example }) },
});

const IN_A_SESSION: readonly ProblemCode[] = ['session-not-found', 'store-unavailable'];
const WITH_A_BODY: readonly ProblemCode[] = [
  'invalid-request',
  'request-timeout',
  'payload-too-large',
  'unsupported-media-type',
];

const OF_A_TRANSLATION: readonly ProblemCode[] = [
  ...WITH_A_BODY,
  ...IN_A_SESSION,
  'session-conflict',
  'session-closed',
  'audio-too-long',
  'undecodable-audio',
  'empty-audio',
  'unsupported-language',
  'content-filtered',
  'session-limit',
  'internal',
  'upstream-unavailable',
  'upstream-rejected',
  'translation-incomplete',
  'pool-saturated',
  'upstream-rate-limited',
  'offline-engine-missing',
  'upstream-timeout',
  'storage-full',
];

const TRANSLATIONS = {
  translate: {
    id: 'translate',
    tag: 'Translation',
    summary: 'Translate a text or a recording',
    description:
      'Exactly one of `file` and `text`. `format`, else `Accept` chooses the form of the answer: JSON, text, subtitles of ' +
      'a recording, the spoken reply as a WAV, or server-sent events. A recording longer than 30 s, and any whose ' +
      'words, subtitles or segments are wanted, is translated in segments, many at a time. An empty field counts as absent, unknown fields are refused by name. ' +
      'Text is UTF-8, or in the charset that its body or form part names. ' +
      'A client that goes away cancels the translation, unless it prefers a job (`Prefer: respond-async`).',
    body: {
      required: true,
      content: {
        [JSON_TYPE]: { schema: 'TranslateText', example: examples.textExample },
        'multipart/form-data': { schema: 'TranslateForm' },
        [FORM_TYPE]: { schema: 'TranslateText', example: examples.textExample },
      },
    },
    answers: {
      200: {
        description:
          'The translation. `Server-Timing` comes with all but streams, the `X-` headers of its session and warnings with ' +
          'all but JSON and streams, those of its text with WAV alone.',
        content: {
          ...json('Translation', examples.translationExample),
          'audio/wav': {},
          'text/plain': {},
          'application/x-subrip': {},
          'text/vtt': {},
          'text/event-stream': { schema: 'TranslationEvent' },
        },
        headers: [
          'Server-Timing',
          'X-Connect-Id',
          'X-Detected-Source',
          'X-Translation-Text',
          'X-Translation-Text-Truncated',
          'X-Translation-Transcript',
          'X-Translation-Transcript-Truncated',
          'X-Translation-Warnings',
        ],
      },
      202: {
        description: 'With `Prefer: respond-async` and a recording: a job that goes on behind the answer.',
        content: json('Job', examples.jobExample),
        headers: ['Location', 'Preference-Applied'],
      },
    },
    problems: [...OF_A_TRANSLATION, 'job-limit'],
  },
  translateAsTheOriginal: {
    id: 'translateAsTheOriginal',
    tag: 'Translation',
    summary: 'The same for the browser client of the original project',
    description:
      'A `question` that is not empty wins over the file, a `prompt` beside a `connectID` is ignored, and so are unknown fields.',
    body: {
      required: true,
      content: {
        'multipart/form-data': { schema: 'OriginalForm' },
        [JSON_TYPE]: { schema: 'OriginalText', example: examples.originalExample },
        [FORM_TYPE]: { schema: 'OriginalText', example: examples.originalExample },
      },
    },
    answers: {
      200: {
        description: 'The translation, as that client reads it.',
        content: json('OriginalTranslation', examples.originalTranslationExample),
        headers: ['Server-Timing'],
      },
    },
    problems: OF_A_TRANSLATION,
  },
} satisfies Record<string, Operation>;

const SESSIONS = {
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

const OF_A_JOB: readonly ProblemCode[] = ['invalid-request', 'job-not-found', 'store-unavailable'];

const JOBS = {
  createJob: {
    id: 'createJob',
    tag: 'Jobs',
    summary: 'Translate a recording behind the answer',
    description:
      'The upload is all that there is to wait for. The job belongs to the key that made it, goes on whatever happens to ' +
      'the client or to the service, and waits where the points of a minute are spent.',
    body: { required: true, content: { 'multipart/form-data': { schema: 'JobForm' } } },
    answers: {
      202: { description: 'The job.', content: json('Job', examples.jobExample), headers: ['Location'] },
    },
    problems: [
      ...WITH_A_BODY,
      ...([
        'session-not-found',
        'session-conflict',
        'unsupported-language',
        'job-limit',
        'store-unavailable',
        'storage-full',
      ] as const),
    ],
  },
  listJobs: {
    id: 'listJobs',
    tag: 'Jobs',
    summary: "The caller's own jobs",
    query: { schema: pageSchema },
    answers: {
      200: {
        description: 'A page of jobs.',
        content: json('JobList', { jobs: [examples.jobExample], nextCursor: null }),
      },
    },
    problems: ['invalid-request', 'store-unavailable'],
  },
  getJob: {
    id: 'getJob',
    tag: 'Jobs',
    summary: 'Look at a job',
    answers: { 200: { description: 'The job.', content: json('Job', examples.jobExample) } },
    problems: OF_A_JOB,
  },
  deleteJob: {
    id: 'deleteJob',
    tag: 'Jobs',
    summary: 'Cancel a job, and delete everything of it',
    answers: { 204: { description: 'It is gone.' } },
    problems: OF_A_JOB,
  },
  followJob: {
    id: 'followJob',
    tag: 'Jobs',
    summary: 'Follow a job',
    description:
      'Server-sent events: the segments that are finished, in order, then those to come, until the job ends. ' +
      '`Last-Event-ID` goes on after the segment with that `id`.',
    answers: {
      200: { description: 'The stream.', content: { 'text/event-stream': { schema: 'JobEvent' } } },
    },
    problems: OF_A_JOB,
  },
  getJobResult: {
    id: 'getJobResult',
    tag: 'Jobs',
    summary: 'The result of a job in one of the formats',
    query: { schema: resultQuerySchema },
    answers: {
      200: {
        description: 'The result.',
        content: {
          ...json('JobResult'),
          ...{ 'text/plain': {}, 'application/x-subrip': {}, 'text/vtt': {} },
        },
      },
    },
    problems: [...OF_A_JOB, 'not-found', 'job-not-finished'],
  },
  getJobSound: {
    id: 'getJobSound',
    tag: 'Jobs',
    summary: 'The sound of a job',
    description:
      'PCM16 mono 24 kHz, as far as it is decoded. One range is given as asked for; where it is beyond the end, or `If-Range` ' +
      'names another version, the whole comes.',
    query: { schema: soundQuerySchema },
    answers: {
      200: {
        description: 'The sound.',
        content: { 'audio/wav': {} },
        headers: ['ETag', 'Accept-Ranges'],
      },
      206: {
        description: 'The range that was asked for.',
        content: { 'audio/wav': {} },
        headers: ['ETag', 'Accept-Ranges', 'Content-Range'],
      },
    },
    problems: [...OF_A_JOB, 'not-found', 'job-not-finished'],
  },
  getJobWaveform: {
    id: 'getJobWaveform',
    tag: 'Jobs',
    summary: 'The waveform of a job',
    description: 'Of what is decoded so far, and where that is to be heard.',
    answers: {
      200: { description: 'The waveform.', content: json('Waveform', examples.waveformExample) },
    },
    problems: OF_A_JOB,
  },
  correctSegment: {
    id: 'correctSegment',
    tag: 'Jobs',
    summary: 'Correct a segment by hand',
    body: {
      required: true,
      content: {
        [JSON_TYPE]: { schema: 'Correction', example: { text: 'Buenos días.' } },
        [FORM_TYPE]: { schema: 'Correction', example: { text: 'Buenos días.' } },
      },
    },
    answers: { 200: { description: 'The segment.', content: json('JobSegment') } },
    problems: [...WITH_A_BODY, 'job-not-found', 'not-found', 'store-unavailable', 'storage-full'],
  },
  resumeJob: {
    id: 'resumeJob',
    tag: 'Jobs',
    summary: 'Go on with a job that failed',
    description:
      'What is finished is not asked for again; segments that failed are. Any other job stays as it is.',
    answers: {
      202: { description: 'The job.', content: json('Job', examples.jobExample), headers: ['Location'] },
    },
    problems: [...OF_A_JOB, 'not-found', 'storage-full'],
  },
} satisfies Record<string, Operation>;

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

const CONVERSATIONS = {
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

const STATE = {
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

const document = (id: string, summary: string, type: string): Operation => ({
  id,
  tag: 'Documents',
  summary,
  answers: {
    200: { description: 'Here it is.', content: { [type]: {} }, headers: ['ETag'] },
    304: { description: 'The one that you have (`If-None-Match`) is the same.', headers: ['ETag'] },
  },
  problems: [],
});

const DOCUMENTS = {
  getPage: document('getPage', 'The page', HTML_TYPE),
  getOpenApi: document('getOpenApi', 'This document', JSON_TYPE),
  getAsyncApi: document('getAsyncApi', 'The events of the WebSockets, as AsyncAPI 3.0', JSON_TYPE),
  getDocs: {
    id: 'getDocs',
    tag: 'Documents',
    summary: 'This document to read and to try',
    answers: { 200: { description: 'The page.', content: { [HTML_TYPE]: {} } } },
    problems: [],
  },
} satisfies Record<string, Operation>;

/** By their ids. */
export const OPERATIONS = {
  ...TRANSLATIONS,
  ...SESSIONS,
  ...JOBS,
  ...CONVERSATIONS,
  ...STATE,
  ...DOCUMENTS,
} satisfies Record<string, Operation>;

/** Operations on jobs. */
import { pageSchema, resultQuerySchema, soundQuerySchema } from '../../schemas.js';
import * as examples from '../examples.js';
import type { ProblemCode } from '../problems.js';
import { FORM_TYPE, json, JSON_TYPE, WITH_A_BODY, type Operation } from './operation.js';

const OF_A_JOB: readonly ProblemCode[] = ['invalid-request', 'job-not-found', 'store-unavailable'];

export const JOB_OPERATIONS = {
  createJob: {
    id: 'createJob',
    tag: 'Jobs',
    summary: 'Translate a recording in the background',
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

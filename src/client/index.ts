/** `realtime-translation-service/client` */
export { TranslationClient } from './client.js';
export { TranslationError, type TranslationErrorCode } from './errors.js';
export type { ClientOptions } from './http.js';
export type { FollowOptions, JobsClient, ResultQuery, WaitOptions } from './jobs.js';
export type { PageQuery } from './pages.js';
export type { SessionsClient } from './sessions.js';
export type {
  AnswerFormat,
  Job,
  JobInput,
  JobList,
  JobResult,
  JobResults,
  JobSegment,
  JobStreamEvent,
  ProblemDetails,
  RecordingSource,
  ServiceCapabilities,
  SessionInput,
  SessionList,
  StreamInput,
  Translation,
  TranslationAnswers,
  TranslationInput,
  TranslationSession,
  TranslationStreamEvent,
} from './types.js';

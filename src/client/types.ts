/** Requests and responses, in the types of the OpenAPI document of the service. */
import type { components } from './openapi.js';

type Schemas = components['schemas'];
type TranslateForm = Schemas['TranslateForm'];

export type Translation = Schemas['Translation'];
export type Job = Schemas['Job'];
export type JobList = Schemas['JobList'];
export type JobSegment = Schemas['JobSegment'];
export type JobResult = Schemas['JobResult'];
export type TranslationSession = Schemas['Session'];
export type SessionList = Schemas['SessionList'];
export type SessionInput = Schemas['SessionInput'];
export type ServiceCapabilities = Schemas['Capabilities'];
export type ProblemDetails = Schemas['Problem'];

export type AnswerFormat = NonNullable<TranslateForm['format']>;

/** `verbose_json` always has these fields. */
type Verbose<Answer extends VerboseParts> = Answer & Required<VerboseParts>;
type VerboseParts = Pick<Translation, 'task' | 'language' | 'duration' | 'segments'>;

/** The result of a translation in each format. */
export interface TranslationAnswers {
  json: Translation;
  verbose_json: Verbose<Translation>;
  text: string;
  srt: string;
  vtt: string;
}

/** The result of a job in each format. */
export interface JobResults {
  json: JobResult;
  verbose_json: Verbose<JobResult>;
  text: string;
  srt: string;
  vtt: string;
}

/** An audio or video file. A `Blob` is read only while it is sent, so it may be a file of any size. */
export type RecordingSource = Blob | ArrayBuffer | ArrayBufferView;

export interface RecordingInput {
  readonly file: RecordingSource;
  /** By default the name of the `File`, else `recording`. */
  readonly fileName?: string | undefined;
  readonly text?: never;
}

export interface TextInput {
  readonly text: string;
  readonly file?: never;
}

export interface Cancellable {
  /** Ends the request with the signal's reason; a translation is then cancelled at the service too. */
  readonly signal?: AbortSignal | undefined;
}

type Optional<T> = { readonly [Name in keyof T]?: T[Name] | undefined };

/** The fields that texts and recordings, requests and jobs have in common. */
export type CommonInput = Optional<
  Pick<TranslateForm, 'source' | 'prompt' | 'context' | 'connectId' | 'voice' | 'subtitles'>
> &
  Cancellable & {
    /** BCP 47; several for a recording. */
    readonly target?: string | readonly string[] | undefined;
    readonly transcript?: boolean | undefined;
  };

/** `format` decides the type of the answer. */
export type TranslationInput<Format extends AnswerFormat = AnswerFormat> = CommonInput &
  Optional<Pick<TranslateForm, 'output'>> &
  (TextInput | RecordingInput) & { readonly format?: Format | undefined };

export type StreamInput = TranslationInput<'json' | 'verbose_json'>;

export type JobInput = CommonInput & RecordingInput & { readonly format?: AnswerFormat | undefined };

/** An event as one object: the data, with the name of the event as its `type`. */
type Flat<Event> = Event extends { event: infer Type; data: infer Data } ? { type: Type } & Data : never;

/** What `stream` yields. An `error` is thrown. */
export type TranslationStreamEvent = Flat<Exclude<Schemas['TranslationEvent'], { event: 'error' }>>;

/** What `jobs.events` yields. An `error` is thrown. */
export type JobStreamEvent = Flat<Exclude<Schemas['JobEvent'], { event: 'error' }>> & {
  /** Pass it to `jobs.events` to resume the stream after this event. */
  lastEventId?: string | undefined;
};

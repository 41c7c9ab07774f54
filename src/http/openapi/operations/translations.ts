/** Operations that translate a text or a recording. */
import * as examples from '../examples.js';
import type { ProblemCode } from '../problems.js';
import { FORM_TYPE, IN_A_SESSION, json, JSON_TYPE, WITH_A_BODY, type Operation } from './operation.js';

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

export const TRANSLATION_OPERATIONS = {
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
        description: 'With `Prefer: respond-async` and a recording: a job that goes on in the background.',
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

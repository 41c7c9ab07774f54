/** The response bodies as zod schemas: the documents describe them, and tests validate real responses by them. */
import { z } from 'zod';
import { AUDIO_FORMATS } from '../../audio/containers/formats.js';
import { BYTES_PER_SAMPLE, SAMPLE_RATE } from '../../audio/pcm.js';
import { ERROR_CODES, FAILED_PARTS } from '../../errors.js';
import { JOB_STATES, RESULT_FORMATS } from '../../jobs/job.js';
import { ISOLATION_LEVELS } from '../../providers/isolation-level.js';
import { profileView, shownTag } from '../schemas.js';

const text = z.string();
const count = z.int().min(0);
const milliseconds = z.number().min(0);
const instant = z.iso.datetime();
const connectId = text.meta({ description: 'The id of the session.' });
const requestId = text.meta({
  description: 'As in `X-Request-Id`: give it to the operator when something is wrong.',
});

export const audioResponse = z.object({
  mimeType: z.literal('audio/wav'),
  sampleRate: z.literal(SAMPLE_RATE),
  channels: z.literal(1),
  bitsPerSample: z.literal(8 * BYTES_PER_SAMPLE),
  durationMs: count,
  base64: text.optional().meta({ description: 'The WAV itself; absent in `translation.done`.' }),
});

const warnings = z.array(
  z.object({
    code: text.meta({
      description:
        '`transcript-failed`, and of segments `segment-failed`, `restarted` (of a stream), `repetition`, `too-fast` and limits ' +
        'of subtitles.',
    }),
    detail: text,
  }),
);

const seconds = z.number().min(0);

const segments = z
  .array(
    z.object({
      index: count,
      start: seconds,
      end: seconds,
      text,
      source: text.optional().meta({ description: 'What is said, with `transcript`.' }),
      warnings: warnings.optional(),
    }),
  )
  .meta({ description: 'Where somebody speaks, in seconds.' });

export const translationResponse = z.object({
  task: z
    .literal('translate')
    .optional()
    .meta({ description: 'With `format=verbose_json`, as the next three.' }),
  language: shownTag.optional(),
  duration: seconds.optional().meta({ description: 'Of the recording, in seconds.' }),
  segments: segments.optional(),
  connectId,
  text: text.meta({
    description:
      'The translation; empty where the recording held no words. A recording in segments has a line for each.',
  }),
  responses: z.array(text).meta({ description: 'The same, as the list that the original project answered.' }),
  source: shownTag,
  target: shownTag,
  detectedSource: z
    .object({
      language: text.meta({ description: 'BCP 47, without script and region.' }),
      confidence: z.number().min(0).max(1),
    })
    .optional()
    .meta({
      description:
        'The language of the question where no `source` was given: of a text, and of a recording with `transcript` or where the engine detects it (confidence 1). Absent where the words do not tell.',
    }),
  transcript: text.optional().meta({ description: 'The words of the recording, with `transcript=true`.' }),
  warnings: warnings.optional().meta({
    description: 'What went wrong beside the translation, or in some of its segments; the rest stands.',
  }),
  translations: z
    .array(z.object({ target: shownTag, text, segments: segments.optional() }))
    .optional()
    .meta({ description: 'With several targets: one for each, the first as in `text`.' }),
  audio: audioResponse.optional().meta({ description: 'The spoken reply, with `output=audio`.' }),
  usage: z
    .object({
      inputTokens: count,
      outputTokens: count,
      totalTokens: count,
      inputAudioMs: count.optional().meta({ description: 'Length of the recording; absent for text.' }),
    })
    .meta({ description: 'As the provider counts it.' }),
  model: text,
  requestId,
  timings: z
    .object({
      uploadMs: milliseconds.optional(),
      normalizeMs: milliseconds.optional(),
      queueMs: milliseconds,
      upstreamMs: milliseconds,
      firstDeltaMs: milliseconds,
    })
    .meta({ description: 'Where the time went. `uploadMs` and `normalizeMs` are absent for text.' }),
});

/** What the browser client of the original project reads. */
export const originalResponse = z.object({
  data: z.object({ connectId, responses: z.array(text).min(1) }),
});

export const sessionResponse = z.object({
  connectId,
  createdAt: instant,
  lastUsedAt: instant,
  expiresAt: instant.meta({ description: 'Moves on with each translation.' }),
  requests: count.meta({ description: 'Translations that completed.' }),
  ...profileView,
});

export const sessionListResponse = z.object({
  sessions: z.array(sessionResponse).meta({ description: 'Newest first.' }),
  nextCursor: text.nullable().meta({ description: 'For `cursor` of the next page; null on the last.' }),
});

export const jobSegmentResponse = segments.element.extend({ target: shownTag });

const resultFormat = z.enum(RESULT_FORMATS);

export const jobResponse = z.object({
  jobId: text,
  state: z.enum(JOB_STATES),
  createdAt: instant,
  startedAt: instant.nullable(),
  finishedAt: instant.nullable(),
  expiresAt: instant.meta({ description: 'Counts from the creation.' }),
  durationMs: count
    .nullable()
    .meta({ description: 'Of the recording; null until it is decoded to its end.' }),
  processedMs: count.meta({ description: 'Everything before this is finished.' }),
  segments: count.meta({ description: 'Segments that are finished.' }),
  failedSegments: count.meta({ description: 'Those of them without a translation.' }),
  source: shownTag,
  targets: z.array(shownTag),
  problem: z
    .lazy(() => problemResponse)
    .optional()
    .meta({
      description:
        'Why it failed; in a list, `store-unavailable` also where its segments cannot be read, and are not counted.',
    }),
  results: z
    .array(z.object({ target: shownTag, format: resultFormat, href: text }))
    .meta({ description: 'Once it is completed, one for each target.' }),
});

export const jobListResponse = z.object({
  jobs: z.array(jobResponse).meta({ description: 'Newest first.' }),
  nextCursor: text.nullable().meta({ description: 'For `cursor` of the next page; null on the last.' }),
});

export const jobResultResponse = z
  .object({
    jobId: text,
    text: text.meta({ description: 'The translation into the target that was asked for.' }),
    source: shownTag,
    target: shownTag,
    transcript: text.optional(),
    translations: z
      .array(z.object({ target: shownTag, text, segments: segments.optional() }))
      .optional()
      .meta({ description: 'With several targets: one for each, the one that was asked for first.' }),
    warnings,
    task: z.literal('translate').optional(),
    language: shownTag.optional(),
    duration: z.number().optional().meta({ description: 'Seconds.' }),
    segments: segments.optional(),
  })
  .meta({ description: '`task`, `language`, `duration` and `segments` come with `format=verbose_json`.' });

export const waveformResponse = z.object({
  durationMs: count.meta({ description: 'Of the sound that is decoded; 0 where there is none.' }),
  peaksPerSecond: z.number().positive().meta({ description: 'Fewer for a longer sound.' }),
  peaks: z.array(z.int().min(0).max(255)).meta({
    description: 'The loudest sample of each part, 255 being the loudest there can be; at most 8 000.',
  }),
  sound: z
    .object({ href: text, expiresAt: instant })
    .optional()
    .meta({ description: 'Where a player finds just this much of the sound, without a header.' }),
});

export const ticketResponse = z.object({
  ticket: text.meta({ description: 'For `?ticket=`, once.' }),
  expiresAt: instant,
});

export const healthResponse = z.object({
  status: z.literal('ok'),
  provider: text,
  model: text,
  version: text,
  uptimeMs: count,
  pool: z
    .object({
      sockets: count,
      ready: count,
      connecting: count,
      draining: count,
      running: count.meta({ description: 'Translations under way.' }),
      waiting: count.meta({ description: 'Translations that wait for a place.' }),
      capacity: count.meta({
        description: 'Translations that the sockets there may be can carry at a time.',
      }),
    })
    .meta({ description: 'Sockets to the provider, by state, and what they carry.' }),
  relay: z.object({ conversations: count }),
  jobs: z.object({
    running: count.meta({ description: 'Jobs that run on this node.' }),
    queued: count
      .nullable()
      .meta({ description: 'Jobs that wait, as last counted; null before the first count.' }),
  }),
  sessions: count
    .nullable()
    .meta({ description: 'Live sessions as last counted; null while the store cannot be reached.' }),
});

export const liveResponse = z.object({ status: z.literal('ok') });

const checks = z.array(
  z.object({
    name: text,
    ok: z.boolean(),
    detail: text.meta({ description: 'Of a failed check: what is wrong and what to do.' }),
  }),
);

export const readyResponse = z.object({ status: z.literal('ok'), checks });

const anyOr = <T extends z.ZodType>(list: T) => z.union([z.literal('any'), list]);

const enginePart = z.object({ kind: z.enum(['built-in', 'http']), model: text.optional() });

export const capabilitiesResponse = z.object({
  provider: text,
  model: text,
  dialect: text,
  isolation: z.enum(ISOLATION_LEVELS).meta({ description: 'How requests are kept apart at the provider.' }),
  maxConcurrent: count.meta({ description: 'Translations that run at a time; more wait.' }),
  languages: anyOr(z.array(z.object({ source: text, targets: z.array(text) }))),
  chains: z
    .array(z.array(text))
    .meta({ description: 'Pairs that are translated by way of a third language.' }),
  speechSources: anyOr(z.array(text)).meta({ description: 'Languages that are understood when spoken.' }),
  voices: z.array(text).meta({ description: 'Names for `voice`; empty: not known here, any is passed on.' }),
  parts: z
    .object({ stt: enginePart, translator: enginePart, tts: enginePart })
    .optional()
    .meta({ description: 'How each step is run, where this service runs the engine itself.' }),
  limits: z.record(text, z.number()),
  formats: z.array(text).meta({
    description:
      'Recordings that are accepted, by their usual extensions; the content decides, not the name.',
    examples: [AUDIO_FORMATS],
  }),
});

/** The one code that is not a failure of a request: `/readyz` sends it of the service. */
export const NOT_READY = 'not-ready';

export const problemResponse = z.object({
  type: text.meta({ description: '`urn:realtime-translation:problem:` and the code.' }),
  title: text,
  status: z.int().min(400).max(599),
  detail: text.meta({ description: 'What was wrong and what to do.' }),
  code: z.enum([...ERROR_CODES, NOT_READY]).meta({ description: 'Does not change between versions.' }),
  requestId,
  retryable: z.boolean().meta({ description: 'Whether the same request may succeed later.' }),
  hint: text.optional(),
  errors: z
    .array(z.object({ pointer: text.meta({ description: 'A JSON pointer (RFC 6901).' }), detail: text }))
    .optional()
    .meta({ description: 'One for each fault of the input.' }),
  partial: text.optional().meta({ description: 'Text that had arrived before the failure.' }),
  part: z
    .enum(FAILED_PARTS)
    .optional()
    .meta({ description: 'The part of the cascade that failed: speech recognition, translator or voice.' }),
  checks: checks.optional().meta({ description: 'Of `/readyz` only.' }),
});

const event = <N extends string, T extends z.ZodType>(name: N, data: T) =>
  z.object({ event: z.literal(name), data });

export const jobStreamResponse = z
  .discriminatedUnion('event', [
    event('translation.segment', jobSegmentResponse).meta({
      description: 'In order, one for each segment and target; its `id` line is for `Last-Event-ID`.',
    }),
    event('translation.progress', z.object({ processedMs: count, totalMs: count.nullable() })).meta({
      description: '`totalMs` is null until the recording is decoded to its end.',
    }),
    event('translation.done', jobResponse).meta({ description: 'The last of a job that is completed.' }),
    event('error', problemResponse).meta({
      description: 'The last of a job that failed or was deleted, and of a service that stops (`draining`).',
    }),
  ])
  .meta({ description: 'One event of the stream of a job. Comments (`: heartbeat`) come every 15 s.' });

/** A stream of server-sent events: each as its name, and its data read as JSON. */
export const streamResponse = z
  .discriminatedUnion('event', [
    event('translation.started', z.object({ connectId, requestId })).meta({
      description: 'The response has started; whatever fails from here on is an `error` event.',
    }),
    event('translation.text.delta', z.object({ delta: text })),
    event('translation.audio.delta', z.object({ base64: text })).meta({
      description: 'PCM16, 24 kHz, mono, with `output=audio`.',
    }),
    event(
      'translation.segment',
      z.object({
        index: count,
        start: seconds,
        end: seconds,
        text,
        source: text.optional(),
        target: shownTag,
      }),
    ).meta({ description: 'A segment of a recording, in order; one for each target.' }),
    event('translation.progress', z.object({ processedMs: count, totalMs: count })).meta({
      description: '`totalMs` grows while the recording is still decoded; in the last both are equal.',
    }),
    event('translation.done', translationResponse).meta({
      description: 'The last of a translation that succeeded.',
    }),
    event('error', problemResponse).meta({ description: 'The last of one that failed.' }),
  ])
  .meta({
    description:
      'One event of the stream: its `event` line, and its `data` line read as JSON. Comments (`: heartbeat`) come every 15 s.',
  });

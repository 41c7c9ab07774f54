/** What servers say, read leniently: only what routes and carries an event must be there. */
import { z } from 'zod';

import { defined } from './defined.js';
import type { ContentPosition, ResponseView, ServerEvent, SessionView } from '../events.js';
import type { AnswerReaders, Readers } from '../decode.js';
import { looseContentPart, looseItem } from './items.js';
import { index, lenient, looseId } from './lenient.js';
import { fastDelta, fastResponse } from '../fast-decode.js';
import { looseResponseCommon, responseOf } from './responses.js';
import { looseSamples } from './samples.js';

/** Follows each response and is hardly ever needed: whoever waits for answers keeps the last one unread. */
export const LIMITS_EVENT_NAME = 'rate_limits.updated';

const TRANSCRIPTION = 'conversation.item.input_audio_transcription';

const place = { response_id: z.string(), item_id: looseId, output_index: index, content_index: index };

function placeOf(frame: z.output<z.ZodObject<typeof place>>): ContentPosition {
  return {
    responseId: frame.response_id,
    itemId: frame.item_id,
    outputIndex: frame.output_index,
    contentIndex: frame.content_index,
  };
}

export function looseDelta(type: 'text.delta' | 'transcript.delta') {
  return z
    .object({ ...place, delta: z.string() })
    .transform((frame) => ({ type, ...placeOf(frame), delta: frame.delta }));
}

export const looseTextDone = z
  .object({ ...place, text: z.string() })
  .transform((frame) => ({ type: 'text.done' as const, ...placeOf(frame), text: frame.text }));

export const looseTranscriptDone = z
  .object({ ...place, transcript: z.string() })
  .transform((frame) => ({ type: 'transcript.done' as const, ...placeOf(frame), text: frame.transcript }));

export const looseAudioDelta = z
  .object({ ...place, delta: looseSamples })
  .transform((frame) => ({ type: 'audio.delta' as const, ...placeOf(frame), audio: frame.delta }));

export const looseAudioDone = z
  .object(place)
  .transform((frame) => ({ type: 'audio.done' as const, ...placeOf(frame) }));

function loosePartEvent(type: 'part.added' | 'part.done') {
  return z
    .object({ ...place, part: looseContentPart })
    .transform((frame) => frame.part && { type, ...placeOf(frame), part: frame.part });
}

/** An item that took its place in the conversation. */
export function looseItemEvent(type: 'item.added' | 'item.done') {
  return z
    .object({ previous_item_id: lenient(z.string()), item: looseItem })
    .transform(
      ({ item, previous_item_id }) => item && { type, item, previousItemId: previous_item_id ?? null },
    );
}

function looseOutputEvent(type: 'output.added' | 'output.done') {
  return z.object({ response_id: z.string(), output_index: index, item: looseItem }).transform(
    (frame) =>
      frame.item && {
        type,
        responseId: frame.response_id,
        outputIndex: frame.output_index,
        item: frame.item,
      },
  );
}

const milliseconds = lenient(z.number()).transform((value) => value ?? 0);

const looseLimit = z
  .object({ name: z.string(), limit: z.number(), remaining: z.number(), reset_seconds: z.number() })
  .transform(({ reset_seconds: resetSeconds, ...limit }) => ({ ...limit, resetSeconds }));

const code = lenient(z.union([z.string(), z.number().transform(String)]));

const looseError = z.object({
  type: lenient(z.string()),
  code,
  message: lenient(z.string()),
  param: lenient(z.string()),
  event_id: lenient(z.string()),
});

const commonServerReaders = new Map<string, z.ZodType<ServerEvent | undefined>>([
  [
    'conversation.item.retrieved',
    z.object({ item: looseItem }).transform(({ item }) => item && { type: 'item.retrieved' as const, item }),
  ],
  [
    'conversation.item.deleted',
    z
      .object({ item_id: z.string() })
      .transform(({ item_id: itemId }) => ({ type: 'item.deleted' as const, itemId })),
  ],
  [
    'conversation.item.truncated',
    z
      .object({ item_id: z.string(), content_index: index, audio_end_ms: milliseconds })
      .transform((frame) => ({
        type: 'item.truncated' as const,
        itemId: frame.item_id,
        contentIndex: frame.content_index,
        audioEndMs: frame.audio_end_ms,
      })),
  ],
  [
    'input_audio_buffer.committed',
    z.object({ item_id: z.string(), previous_item_id: lenient(z.string()) }).transform((frame) => ({
      type: 'buffer.committed' as const,
      itemId: frame.item_id,
      previousItemId: frame.previous_item_id ?? null,
    })),
  ],
  ['input_audio_buffer.cleared', z.object({}).transform(() => ({ type: 'buffer.cleared' as const }))],
  [
    'input_audio_buffer.speech_started',
    z.object({ item_id: looseId, audio_start_ms: milliseconds }).transform((frame) => ({
      type: 'speech.started' as const,
      itemId: frame.item_id,
      audioStartMs: frame.audio_start_ms,
    })),
  ],
  [
    'input_audio_buffer.speech_stopped',
    z.object({ item_id: looseId, audio_end_ms: milliseconds }).transform((frame) => ({
      type: 'speech.stopped' as const,
      itemId: frame.item_id,
      audioEndMs: frame.audio_end_ms,
    })),
  ],
  [
    `${TRANSCRIPTION}.delta`,
    z
      .object({ item_id: z.string(), content_index: index, delta: z.string().nullish() })
      .transform((frame) => ({
        type: 'transcription.delta' as const,
        itemId: frame.item_id,
        contentIndex: frame.content_index,
        delta: frame.delta ?? '',
      })),
  ],
  [
    `${TRANSCRIPTION}.completed`,
    z
      .object({
        item_id: z.string(),
        content_index: index,
        transcript: z.string(),
        usage: lenient(z.object({ seconds: lenient(z.number()) })),
      })
      .transform((frame) =>
        defined({
          type: 'transcription.completed' as const,
          itemId: frame.item_id,
          contentIndex: frame.content_index,
          transcript: frame.transcript,
          seconds: frame.usage?.seconds ?? undefined,
        }),
      ),
  ],
  [
    `${TRANSCRIPTION}.failed`,
    z
      .object({ item_id: z.string(), content_index: index, error: lenient(looseError) })
      .transform(({ item_id: itemId, content_index: contentIndex, error }) => ({
        type: 'transcription.failed' as const,
        itemId,
        contentIndex,
        code: error?.code ?? error?.type ?? 'unknown',
        message: error?.message ?? '',
      })),
  ],
  ['response.output_item.added', looseOutputEvent('output.added')],
  ['response.output_item.done', looseOutputEvent('output.done')],
  ['response.content_part.added', loosePartEvent('part.added')],
  ['response.content_part.done', loosePartEvent('part.done')],
  [
    LIMITS_EVENT_NAME,
    z.object({ rate_limits: z.array(lenient(looseLimit)) }).transform(({ rate_limits }) => ({
      type: 'limits' as const,
      limits: rate_limits.filter((limit) => limit != null),
    })),
  ],
  [
    'error',
    z.object({ error: looseError }).transform(({ error }) =>
      defined({
        type: 'fault' as const,
        kind: error.type ?? 'unknown',
        code: error.code ?? error.type ?? 'unknown',
        message: error.message ?? '',
        param: error.param ?? undefined,
        causedBy: error.event_id ?? undefined,
      }),
    ),
  ],
]);

/**
 * Those of what answers a self-contained request.
 * @param deltas the wire types under which the answer itself comes
 * @param wholes those under which its text is said once more, whole
 */
export function answerReaders(
  all: Readers<ServerEvent>,
  deltas: Readonly<Record<'text' | 'transcript' | 'audio', string>>,
  wholes: readonly string[],
): AnswerReaders {
  const told = ['session.created', 'session.updated', 'error', ...Object.values(deltas)];
  const repeating = [...wholes, 'response.content_part.done', 'response.output_item.done'];
  const bare = (unsaid: 'in_progress' | 'completed') =>
    looseResponseCommon.transform((response) => responseOf(response, unsaid));
  return {
    readers: new Map([...[...all].filter(([type]) => told.includes(type)), ...responseReaders(bare)]),
    repeating: new Map([...all].filter(([type]) => repeating.includes(type))),
    plain: new Map([
      [deltas.text, fastDelta('text.delta')],
      [deltas.transcript, fastDelta('transcript.delta')],
      ['response.created', fastResponse('response.started')],
      ['response.done', fastResponse('response.finished')],
    ]),
  };
}

function responseReaders(
  response: (unsaid: 'in_progress' | 'completed') => z.ZodType<ResponseView>,
): (readonly [string, z.ZodType<ServerEvent | undefined>])[] {
  return [
    [
      'response.created',
      z
        .object({ response: response('in_progress') })
        .transform(({ response }) => ({ type: 'response.started' as const, response })),
    ],
    [
      'response.done',
      z
        .object({ response: response('completed') })
        .transform(({ response }) => ({ type: 'response.finished' as const, response })),
    ],
  ];
}

/** The common readers, and those of the events whose names or contents a dialect has for itself. */
export function serverReaders(own: {
  view: z.ZodType<SessionView>;
  response: (unsaid: 'in_progress' | 'completed') => z.ZodType<ResponseView>;
  named: readonly (readonly [string, z.ZodType<ServerEvent | undefined>])[];
}): Readers<ServerEvent> {
  const sessionEvent = (type: 'session.created' | 'session.updated') =>
    z.object({ session: own.view }).transform(({ session }) => ({ type, session }));
  return new Map<string, z.ZodType<ServerEvent | undefined>>([
    ...commonServerReaders,
    ['session.created', sessionEvent('session.created')],
    ['session.updated', sessionEvent('session.updated')],
    ...responseReaders(own.response),
    ...own.named,
  ]);
}

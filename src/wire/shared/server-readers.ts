/** Server events, read once for all dialects, and leniently: only what routes an event and its payload must be there. */
import { z } from 'zod';

import type { AnswerReaders, Readers } from '../decode.js';
import type { ContentPosition, ResponseView, ServerEvent, SessionView } from '../events.js';
import { fastDelta, fastResponse } from '../fast-decode.js';
import { byWireName, type ServerEventNames } from '../names.js';
import { looseItem, loosePart } from './items.js';
import { defined, lenient, looseId, looseIndex } from './optional.js';
import { looseResponseCommon, toResponse } from './responses.js';
import { looseSamples } from './samples.js';

const position = {
  response_id: z.string(),
  item_id: looseId,
  output_index: looseIndex,
  content_index: looseIndex,
};

function toPosition(frame: z.output<z.ZodObject<typeof position>>): ContentPosition {
  return {
    responseId: frame.response_id,
    itemId: frame.item_id,
    outputIndex: frame.output_index,
    contentIndex: frame.content_index,
  };
}

function looseDelta(type: 'text.delta' | 'transcript.delta') {
  return z
    .object({ ...position, delta: z.string() })
    .transform((frame) => ({ type, ...toPosition(frame), delta: frame.delta }));
}

function loosePartEvent(type: 'part.added' | 'part.done') {
  return z
    .object({ ...position, part: loosePart })
    .transform((frame) => frame.part && { type, ...toPosition(frame), part: frame.part });
}

function looseItemEvent(type: 'item.added' | 'item.done') {
  return z
    .object({ previous_item_id: lenient(z.string()), item: looseItem })
    .transform(
      ({ item, previous_item_id }) => item && { type, item, previousItemId: previous_item_id ?? null },
    );
}

function looseOutputEvent(type: 'output.added' | 'output.done') {
  return z
    .object({ response_id: z.string(), output_index: looseIndex, item: looseItem })
    .transform(
      ({ response_id: responseId, output_index: outputIndex, item }) =>
        item && { type, responseId, outputIndex, item },
    );
}

/** Of a response's output, as it comes. */
const outputReaders = {
  'output.added': looseOutputEvent('output.added'),
  'output.done': looseOutputEvent('output.done'),
  'part.added': loosePartEvent('part.added'),
  'part.done': loosePartEvent('part.done'),
  'text.delta': looseDelta('text.delta'),
  'text.done': z
    .object({ ...position, text: z.string() })
    .transform((frame) => ({ type: 'text.done' as const, ...toPosition(frame), text: frame.text })),
  'transcript.delta': looseDelta('transcript.delta'),
  'transcript.done': z.object({ ...position, transcript: z.string() }).transform((frame) => ({
    type: 'transcript.done' as const,
    ...toPosition(frame),
    text: frame.transcript,
  })),
  'audio.delta': z
    .object({ ...position, delta: looseSamples })
    .transform((frame) => ({ type: 'audio.delta' as const, ...toPosition(frame), audio: frame.delta })),
  'audio.done': z
    .object(position)
    .transform((frame) => ({ type: 'audio.done' as const, ...toPosition(frame) })),
};

const milliseconds = lenient(z.number()).transform((value) => value ?? 0);

const looseLimit = z
  .object({ name: z.string(), limit: z.number(), remaining: z.number(), reset_seconds: z.number() })
  .transform(({ reset_seconds: resetSeconds, ...limit }) => ({ ...limit, resetSeconds }));

const looseError = z.object({
  type: lenient(z.string()),
  code: lenient(z.union([z.string(), z.number().transform(String)])),
  message: lenient(z.string()),
  param: lenient(z.string()),
  event_id: lenient(z.string()),
});

/** Of a client's items and its speech. */
const inputReaders = {
  'item.added': looseItemEvent('item.added'),
  'item.done': looseItemEvent('item.done'),
  'item.retrieved': z
    .object({ item: looseItem })
    .transform(({ item }) => item && { type: 'item.retrieved' as const, item }),
  'item.deleted': z
    .object({ item_id: z.string() })
    .transform(({ item_id: itemId }) => ({ type: 'item.deleted' as const, itemId })),
  'item.truncated': z
    .object({ item_id: z.string(), content_index: looseIndex, audio_end_ms: milliseconds })
    .transform((frame) => ({
      type: 'item.truncated' as const,
      itemId: frame.item_id,
      contentIndex: frame.content_index,
      audioEndMs: frame.audio_end_ms,
    })),
  'buffer.committed': z
    .object({ item_id: z.string(), previous_item_id: lenient(z.string()) })
    .transform((frame) => ({
      type: 'buffer.committed' as const,
      itemId: frame.item_id,
      previousItemId: frame.previous_item_id ?? null,
    })),
  'buffer.cleared': z.object({}).transform(() => ({ type: 'buffer.cleared' as const })),
  'speech.started': z
    .object({ item_id: looseId, audio_start_ms: milliseconds })
    .transform(({ item_id: itemId, audio_start_ms: audioStartMs }) => ({
      type: 'speech.started' as const,
      itemId,
      audioStartMs,
    })),
  'speech.stopped': z
    .object({ item_id: looseId, audio_end_ms: milliseconds })
    .transform(({ item_id: itemId, audio_end_ms: audioEndMs }) => ({
      type: 'speech.stopped' as const,
      itemId,
      audioEndMs,
    })),
  'transcription.delta': z
    .object({ item_id: z.string(), content_index: looseIndex, delta: z.string().nullish() })
    .transform((frame) => ({
      type: 'transcription.delta' as const,
      itemId: frame.item_id,
      contentIndex: frame.content_index,
      delta: frame.delta ?? '',
    })),
  'transcription.completed': z
    .object({
      item_id: z.string(),
      content_index: looseIndex,
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
  'transcription.failed': z
    .object({ item_id: z.string(), content_index: looseIndex, error: lenient(looseError) })
    .transform(({ item_id: itemId, content_index: contentIndex, error }) => ({
      type: 'transcription.failed' as const,
      itemId,
      contentIndex,
      code: error?.code ?? error?.type ?? 'unknown',
      message: error?.message ?? '',
    })),
};

const limits = z.object({ rate_limits: z.array(lenient(looseLimit)) }).transform(({ rate_limits }) => ({
  type: 'limits' as const,
  limits: rate_limits.filter((limit) => limit != null),
}));

const fault = z.object({ error: looseError }).transform(({ error }) =>
  defined({
    type: 'fault' as const,
    kind: error.type ?? 'unknown',
    code: error.code ?? error.type ?? 'unknown',
    message: error.message ?? '',
    param: error.param ?? undefined,
    causedBy: error.event_id ?? undefined,
  }),
);

type Unsaid = 'in_progress' | 'completed';

function responseReaders(looseResponse: (unsaid: Unsaid) => z.ZodType<ResponseView>) {
  return {
    'response.started': z
      .object({ response: looseResponse('in_progress') })
      .transform(({ response }) => ({ type: 'response.started' as const, response })),
    'response.finished': z
      .object({ response: looseResponse('completed') })
      .transform(({ response }) => ({ type: 'response.finished' as const, response })),
  };
}

/** The readers of a dialect. */
export function serverReaders({
  names,
  session: { looseView },
  response: { looseResponse },
}: {
  readonly names: ServerEventNames;
  readonly session: { readonly looseView: z.ZodType<SessionView> };
  readonly response: { readonly looseResponse: (unsaid: Unsaid) => z.ZodType<ResponseView> };
}): Readers<ServerEvent> {
  const sessionEvent = (type: 'session.created' | 'session.updated') =>
    z.object({ session: looseView }).transform(({ session }) => ({ type, session }));
  return byWireName<ServerEvent['type'], z.ZodType<ServerEvent | undefined>>(names, {
    ...inputReaders,
    ...outputReaders,
    limits,
    fault,
    'session.created': sessionEvent('session.created'),
    'session.updated': sessionEvent('session.updated'),
    ...responseReaders(looseResponse),
  });
}

/** Of those, the ones that read what a self-contained request is answered with. */
export function answerReaders(names: ServerEventNames, all: Readers<ServerEvent>): AnswerReaders {
  const only = (types: readonly (string | undefined)[]) => [...all].filter(([type]) => types.includes(type));
  const answers = only([
    ...[names['session.created'], names['session.updated'], names.fault],
    ...[names['text.delta'], names['transcript.delta'], names['audio.delta']],
  ]);
  const { 'response.started': started, 'response.finished': finished } = responseReaders((unsaid) =>
    looseResponseCommon.transform((response) => toResponse(response, unsaid)),
  );
  return {
    readers: new Map<string, z.ZodType<ServerEvent | undefined>>([
      ...answers,
      [names['response.started'], started],
      [names['response.finished'], finished],
    ]),
    repeating: new Map(
      only([names['text.done'], names['transcript.done'], names['part.done'], names['output.done']]),
    ),
    fast: new Map([
      [names['text.delta'], fastDelta('text.delta')],
      [names['transcript.delta'], fastDelta('transcript.delta')],
      [names['response.started'], fastResponse('response.started')],
      [names['response.finished'], fastResponse('response.finished')],
    ]),
  };
}

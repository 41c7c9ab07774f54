/** Client events: written once for all dialects, and read strictly, as the real servers read them. */
import { z } from 'zod';

import { MAX_EVENT_ID_LENGTH, type Readers } from '../decode.js';
import type { ClientEvent, Item, ResponseRequest, SessionSettings } from '../events.js';
import { byWireName, CLIENT_EVENT_NAMES } from '../names.js';
import { strictItem, writeItem, type AssistantParts } from './items.js';
import { defined } from './optional.js';
import { strictSamples, writeSamples, type WriteAudio } from './samples.js';
import type { DecodedSession } from './session-parts.js';

/** What a dialect writes in its own way. */
interface ClientWriters<S, R, T extends string, A extends string> {
  readonly parts: AssistantParts<T, A>;
  readonly session: { writeSettings(session: SessionSettings): S };
  readonly response: { writeRequest(request: ResponseRequest, writeAudio: WriteAudio): R };
}

export function writeClientEvent<S, R, T extends string, A extends string>(
  { parts, session, response }: ClientWriters<S, R, T, A>,
  event: ClientEvent,
  writeAudio: WriteAudio = writeSamples,
) {
  const event_id = event.eventId;
  switch (event.type) {
    case 'session.configure':
      return {
        type: CLIENT_EVENT_NAMES[event.type],
        event_id,
        session: session.writeSettings(event.session),
      };
    case 'item.create':
      return {
        type: CLIENT_EVENT_NAMES[event.type],
        event_id,
        previous_item_id: event.previousItemId,
        item: writeItem(event.item, parts, writeAudio),
      };
    case 'item.retrieve':
    case 'item.delete':
      return { type: CLIENT_EVENT_NAMES[event.type], event_id, item_id: event.itemId };
    case 'item.truncate':
      return {
        type: CLIENT_EVENT_NAMES[event.type],
        event_id,
        item_id: event.itemId,
        content_index: event.contentIndex,
        audio_end_ms: event.audioEndMs,
      };
    case 'buffer.append':
      return { type: CLIENT_EVENT_NAMES[event.type], event_id, audio: writeAudio(event.audio) };
    case 'buffer.commit':
    case 'buffer.clear':
      return { type: CLIENT_EVENT_NAMES[event.type], event_id };
    case 'response.create': {
      const written = response.writeRequest(event.response, writeAudio);
      return { type: CLIENT_EVENT_NAMES[event.type], event_id, response: written };
    }
    case 'response.cancel':
      return { type: CLIENT_EVENT_NAMES[event.type], event_id, response_id: event.responseId };
  }
}

/** Fields that every client event has. */
const envelope = {
  type: z.string(),
  event_id: z.string().max(MAX_EVENT_ID_LENGTH).optional(),
};

const itemId = z.string();

/** Of events that no dialect reads in its own way. */
const sharedReaders = {
  'item.retrieve': strictItemEvent('item.retrieve'),
  'item.delete': strictItemEvent('item.delete'),
  'item.truncate': z
    .strictObject({
      ...envelope,
      item_id: itemId,
      content_index: z.int().min(0),
      audio_end_ms: z.int().min(0),
    })
    .transform((frame) =>
      defined({
        type: 'item.truncate' as const,
        eventId: frame.event_id,
        itemId: frame.item_id,
        contentIndex: frame.content_index,
        audioEndMs: frame.audio_end_ms,
      }),
    ),
  'buffer.append': z
    .strictObject({ ...envelope, audio: strictSamples })
    .transform(({ event_id: eventId, audio }) => defined({ type: 'buffer.append' as const, eventId, audio })),
  'buffer.commit': strictBufferEvent('buffer.commit'),
  'buffer.clear': strictBufferEvent('buffer.clear'),
  'response.cancel': z
    .strictObject({ ...envelope, response_id: z.string().optional() })
    .transform(({ event_id: eventId, response_id: responseId }) =>
      defined({ type: 'response.cancel' as const, eventId, responseId }),
    ),
};

function strictItemEvent(type: 'item.retrieve' | 'item.delete') {
  return z
    .strictObject({ ...envelope, item_id: itemId })
    .transform((frame) => defined({ type, eventId: frame.event_id, itemId: frame.item_id }));
}

function strictBufferEvent(type: 'buffer.commit' | 'buffer.clear') {
  return z.strictObject(envelope).transform(({ event_id: eventId }) => defined({ type, eventId }));
}

export function clientReaders({
  parts,
  session: { strictSettings },
  response: { strictRequest },
}: {
  readonly parts: AssistantParts<string, string>;
  readonly session: { readonly strictSettings: z.ZodType<DecodedSession> };
  readonly response: { readonly strictRequest: z.ZodType<ResponseRequest> };
}): Readers<ClientEvent> {
  const item: z.ZodType<Item> = strictItem(parts);
  return byWireName<ClientEvent['type'], z.ZodType<ClientEvent>>(CLIENT_EVENT_NAMES, {
    ...sharedReaders,
    'session.configure': z
      .strictObject({ ...envelope, session: strictSettings })
      .transform(({ event_id: eventId, session: { session, droppedFields } }) =>
        defined({
          type: 'session.configure' as const,
          eventId,
          session,
          droppedFields: droppedFields.length > 0 ? droppedFields : undefined,
        }),
      ),
    'item.create': z
      .strictObject({ ...envelope, previous_item_id: z.string().nullable().optional(), item })
      .transform((frame) =>
        defined({
          type: 'item.create' as const,
          eventId: frame.event_id,
          item: frame.item,
          previousItemId: frame.previous_item_id ?? undefined,
        }),
      ),
    'response.create': z
      .strictObject({ ...envelope, response: strictRequest.optional() })
      .transform(({ event_id: eventId, response }) =>
        defined({ type: 'response.create' as const, eventId, response: response ?? {} }),
      ),
  });
}

/** What clients say in the same words in both dialects. */
import { z } from 'zod';

import { defined, forJson } from './defined.js';
import type { ClientEvent, Item, ResponseRequest } from '../events.js';
import { MAX_EVENT_ID_LENGTH, type Readers } from '../decode.js';
import { strictSamples, writeSamples } from './samples.js';
import type { DecodedSession } from './session-parts.js';

/** Events whose content differs between the dialects. */
type OwnEvent = { type: 'session.configure' | 'item.create' | 'response.create' };

type CommonClientEvent = Exclude<ClientEvent, OwnEvent>;

/** What each event is called on the wire, in both dialects. */
export const CLIENT_EVENT_NAMES = {
  'session.configure': 'session.update',
  'item.create': 'conversation.item.create',
  'item.retrieve': 'conversation.item.retrieve',
  'item.delete': 'conversation.item.delete',
  'item.truncate': 'conversation.item.truncate',
  'buffer.append': 'input_audio_buffer.append',
  'buffer.commit': 'input_audio_buffer.commit',
  'buffer.clear': 'input_audio_buffer.clear',
  'response.create': 'response.create',
  'response.cancel': 'response.cancel',
} as const satisfies Record<ClientEvent['type'], string>;

export function writeCommonClientEvent(event: CommonClientEvent) {
  const event_id = event.eventId;
  switch (event.type) {
    case 'item.retrieve':
    case 'item.delete':
      return forJson({ type: CLIENT_EVENT_NAMES[event.type], event_id, item_id: event.itemId });
    case 'item.truncate':
      return forJson({
        type: 'conversation.item.truncate' as const,
        event_id,
        item_id: event.itemId,
        content_index: event.contentIndex,
        audio_end_ms: event.audioEndMs,
      });
    case 'buffer.append':
      return forJson({
        type: 'input_audio_buffer.append' as const,
        event_id,
        audio: writeSamples(event.audio),
      });
    case 'buffer.commit':
      return forJson({ type: 'input_audio_buffer.commit' as const, event_id });
    case 'buffer.clear':
      return forJson({ type: 'input_audio_buffer.clear' as const, event_id });
    case 'response.cancel':
      return forJson({ type: 'response.cancel' as const, event_id, response_id: event.responseId });
  }
}

/** Fields that every client event has. */
const envelope = {
  type: z.string(),
  event_id: z.string().max(MAX_EVENT_ID_LENGTH).optional(),
};

const itemId = z.string();

/** In the order in which a refusal of an unknown type names them. */
const commonClientReaders = new Map<string, z.ZodType<ClientEvent>>([
  [
    'input_audio_buffer.append',
    z
      .strictObject({ ...envelope, audio: strictSamples })
      .transform(({ event_id: eventId, audio }) =>
        defined({ type: 'buffer.append' as const, eventId, audio }),
      ),
  ],
  [
    'input_audio_buffer.commit',
    z
      .strictObject(envelope)
      .transform(({ event_id: eventId }) => defined({ type: 'buffer.commit' as const, eventId })),
  ],
  [
    'input_audio_buffer.clear',
    z
      .strictObject(envelope)
      .transform(({ event_id: eventId }) => defined({ type: 'buffer.clear' as const, eventId })),
  ],
  ['conversation.item.retrieve', strictItemEvent('item.retrieve')],
  ['conversation.item.delete', strictItemEvent('item.delete')],
  [
    'conversation.item.truncate',
    z
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
  ],
  [
    'response.cancel',
    z
      .strictObject({ ...envelope, response_id: z.string().optional() })
      .transform(({ event_id: eventId, response_id: responseId }) =>
        defined({ type: 'response.cancel' as const, eventId, responseId }),
      ),
  ],
]);

function strictItemEvent(type: 'item.retrieve' | 'item.delete') {
  return z
    .strictObject({ ...envelope, item_id: itemId })
    .transform((frame) => defined({ type, eventId: frame.event_id, itemId: frame.item_id }));
}

/** The events whose content a dialect spells in its own way. */
export function clientReaders(own: {
  settings: z.ZodType<DecodedSession>;
  item: z.ZodType<Item>;
  request: z.ZodType<ResponseRequest>;
}): Readers<ClientEvent> {
  return new Map<string, z.ZodType<ClientEvent>>([
    [
      'session.update',
      z
        .strictObject({ ...envelope, session: own.settings })
        .transform(({ event_id: eventId, session: { session, droppedFields } }) =>
          defined({
            type: 'session.configure' as const,
            eventId,
            session,
            droppedFields: droppedFields.length > 0 ? droppedFields : undefined,
          }),
        ),
    ],
    ...commonClientReaders,
    [
      'conversation.item.create',
      z
        .strictObject({ ...envelope, previous_item_id: z.string().nullable().optional(), item: own.item })
        .transform((frame) =>
          defined({
            type: 'item.create' as const,
            eventId: frame.event_id,
            item: frame.item,
            previousItemId: frame.previous_item_id ?? undefined,
          }),
        ),
    ],
    [
      'response.create',
      z
        .strictObject({ ...envelope, response: own.request.optional() })
        .transform(({ event_id: eventId, response }) =>
          defined({ type: 'response.create' as const, eventId, response: response ?? {} }),
        ),
    ],
  ]);
}

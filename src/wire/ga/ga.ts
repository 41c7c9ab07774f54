/** The GA dialect: nested sessions, `response.output_*`, items that are added and then done. */
import { clientReaders, writeCommonClientEvent } from '../shared/client-events.js';
import { forJson } from '../shared/defined.js';
import type { Dialect } from '../dialect.js';
import type { ClientEvent, ServerEvent } from '../events.js';
import { readClientFrame, readServerFrame, readAnswer } from '../decode.js';
import { assistantParts, looseResponse, strictRequest, writeRequest, writeResponse } from './response.js';
import { looseView, strictSettings, writeSettings, writeView } from './session.js';
import { strictItem, writeItem, writeItemView } from '../shared/items.js';
import { writeSamples } from '../shared/samples.js';
import * as read from '../shared/server-readers.js';
import { encodeEvent } from '../encode.js';
import { newEventId, writeCommonServerEvent, writePlace } from '../shared/server-writers.js';

/** A client event as GA spells it. */
export function writeClientEvent(event: ClientEvent) {
  switch (event.type) {
    case 'session.configure':
      return forJson({
        type: 'session.update' as const,
        event_id: event.eventId,
        session: writeSettings(event.session),
      });
    case 'item.create':
      return forJson({
        type: 'conversation.item.create' as const,
        event_id: event.eventId,
        previous_item_id: event.previousItemId,
        item: writeItem(event.item, assistantParts),
      });
    case 'response.create':
      return forJson({
        type: 'response.create' as const,
        event_id: event.eventId,
        response: writeRequest(event.response),
      });
    default:
      return writeCommonClientEvent(event);
  }
}

/** A server event as GA spells it. */
export function writeServerEvent(event: ServerEvent) {
  const event_id = newEventId();
  switch (event.type) {
    case 'session.created':
    case 'session.updated':
      return { type: event.type, event_id, session: writeView(event.session) };
    case 'item.added':
    case 'item.done':
      return {
        type: `conversation.${event.type}` as const,
        event_id,
        previous_item_id: event.previousItemId,
        item: writeItemView(event.item, assistantParts),
      };
    case 'item.retrieved':
      return {
        type: 'conversation.item.retrieved' as const,
        event_id,
        item: writeItemView(event.item, assistantParts),
      };
    case 'output.added':
    case 'output.done':
      return {
        type:
          event.type === 'output.added'
            ? ('response.output_item.added' as const)
            : ('response.output_item.done' as const),
        event_id,
        response_id: event.responseId,
        output_index: event.outputIndex,
        item: writeItemView(event.item, assistantParts),
      };
    case 'response.started':
      return { type: 'response.created' as const, event_id, response: writeResponse(event.response) };
    case 'response.finished':
      return { type: 'response.done' as const, event_id, response: writeResponse(event.response) };
    case 'text.delta':
      return {
        type: 'response.output_text.delta' as const,
        event_id,
        ...writePlace(event),
        delta: event.delta,
      };
    case 'text.done':
      return {
        type: 'response.output_text.done' as const,
        event_id,
        ...writePlace(event),
        text: event.text,
      };
    case 'transcript.delta':
      return {
        type: 'response.output_audio_transcript.delta' as const,
        event_id,
        ...writePlace(event),
        delta: event.delta,
      };
    case 'transcript.done':
      return {
        type: 'response.output_audio_transcript.done' as const,
        event_id,
        ...writePlace(event),
        transcript: event.text,
      };
    case 'audio.delta':
      return {
        type: 'response.output_audio.delta' as const,
        event_id,
        ...writePlace(event),
        delta: writeSamples(event.audio),
      };
    case 'audio.done':
      return { type: 'response.output_audio.done' as const, event_id, ...writePlace(event) };
    default:
      return writeCommonServerEvent(event, event_id);
  }
}

const fromClient = clientReaders({
  settings: strictSettings,
  item: strictItem(assistantParts),
  request: strictRequest,
});

const fromServer = read.serverReaders({
  view: looseView,
  response: looseResponse,
  named: [
    ['conversation.item.added', read.looseItemEvent('item.added')],
    ['conversation.item.done', read.looseItemEvent('item.done')],
    ['response.output_text.delta', read.looseDelta('text.delta')],
    ['response.output_text.done', read.looseTextDone],
    ['response.output_audio_transcript.delta', read.looseDelta('transcript.delta')],
    ['response.output_audio_transcript.done', read.looseTranscriptDone],
    ['response.output_audio.delta', read.looseAudioDelta],
    ['response.output_audio.done', read.looseAudioDone],
  ],
});

const answers = read.answerReaders(
  fromServer,
  {
    text: 'response.output_text.delta',
    transcript: 'response.output_audio_transcript.delta',
    audio: 'response.output_audio.delta',
  },
  ['response.output_text.done', 'response.output_audio_transcript.done'],
);

export const ga: Dialect = {
  name: 'ga',
  headers: {},
  outOfBand: true,
  finishesItems: true,
  vocabulary: { client: fromClient, server: fromServer },
  encodeClient: (event) => encodeEvent(event, writeClientEvent).toString(),
  encodeClientFrame: (event) => encodeEvent(event, writeClientEvent),
  decodeServer: (frame) => readServerFrame(frame, fromServer),
  decodeAnswer: (frame, lacksText) => readAnswer(frame, answers, lacksText),
  encodeServer: (event) => JSON.stringify(writeServerEvent(event)),
  decodeClient: (frame) => readClientFrame(frame, fromClient),
};

/** The preview dialect of 2024: flat sessions, `response.text.*`, items that are created and never said to be done. */
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

/** A client event as the preview spells it. */
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

/** A server event as the preview spells it. */
export function writeServerEvent(event: ServerEvent) {
  const event_id = newEventId();
  switch (event.type) {
    case 'session.created':
    case 'session.updated':
      return { type: event.type, event_id, session: writeView(event.session) };
    case 'item.added':
      return {
        type: 'conversation.item.created' as const,
        event_id,
        previous_item_id: event.previousItemId,
        item: writeItemView(event.item, assistantParts),
      };
    case 'item.done':
      return undefined;
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
        type: 'response.text.delta' as const,
        event_id,
        ...writePlace(event),
        delta: event.delta,
      };
    case 'text.done':
      return {
        type: 'response.text.done' as const,
        event_id,
        ...writePlace(event),
        text: event.text,
      };
    case 'transcript.delta':
      return {
        type: 'response.audio_transcript.delta' as const,
        event_id,
        ...writePlace(event),
        delta: event.delta,
      };
    case 'transcript.done':
      return {
        type: 'response.audio_transcript.done' as const,
        event_id,
        ...writePlace(event),
        transcript: event.text,
      };
    case 'audio.delta':
      return {
        type: 'response.audio.delta' as const,
        event_id,
        ...writePlace(event),
        delta: writeSamples(event.audio),
      };
    case 'audio.done':
      return { type: 'response.audio.done' as const, event_id, ...writePlace(event) };
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
    ['conversation.item.created', read.looseItemEvent('item.added')],
    ['response.text.delta', read.looseDelta('text.delta')],
    ['response.text.done', read.looseTextDone],
    ['response.audio_transcript.delta', read.looseDelta('transcript.delta')],
    ['response.audio_transcript.done', read.looseTranscriptDone],
    ['response.audio.delta', read.looseAudioDelta],
    ['response.audio.done', read.looseAudioDone],
  ],
});

const answers = read.answerReaders(
  fromServer,
  {
    text: 'response.text.delta',
    transcript: 'response.audio_transcript.delta',
    audio: 'response.audio.delta',
  },
  ['response.text.done', 'response.audio_transcript.done'],
);

export const preview: Dialect = {
  name: 'preview',
  headers: { 'OpenAI-Beta': 'realtime=v1' },
  outOfBand: true,
  finishesItems: false,
  vocabulary: { client: fromClient, server: fromServer },
  encodeClient: (event) => encodeEvent(event, writeClientEvent).toString(),
  encodeClientFrame: (event) => encodeEvent(event, writeClientEvent),
  decodeServer: (frame) => readServerFrame(frame, fromServer),
  decodeAnswer: (frame, lacksText) => readAnswer(frame, answers, lacksText),
  encodeServer: (event) => {
    const written = writeServerEvent(event);
    return written && JSON.stringify(written);
  },
  decodeClient: (frame) => readClientFrame(frame, fromClient),
};

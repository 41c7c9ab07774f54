/**
 * What each neutral event is called on the wire. The two revisions of the protocol differ in eight names; a dialect takes
 * one of the tables, or spreads one and replaces what it calls otherwise.
 */
import type { ClientEvent, ServerEvent } from './events.js';

/** In every dialect, in the order in which a refusal of an unknown type lists them. */
export const CLIENT_EVENT_NAMES = {
  'session.configure': 'session.update',
  'buffer.append': 'input_audio_buffer.append',
  'buffer.commit': 'input_audio_buffer.commit',
  'buffer.clear': 'input_audio_buffer.clear',
  'item.retrieve': 'conversation.item.retrieve',
  'item.delete': 'conversation.item.delete',
  'item.truncate': 'conversation.item.truncate',
  'response.cancel': 'response.cancel',
  'item.create': 'conversation.item.create',
  'response.create': 'response.create',
} as const satisfies Record<ClientEvent['type'], string>;

/** Of events that the two revisions call alike. */
export const SHARED_NAMES = {
  'item.retrieved': 'conversation.item.retrieved',
  'item.deleted': 'conversation.item.deleted',
  'item.truncated': 'conversation.item.truncated',
  'buffer.committed': 'input_audio_buffer.committed',
  'buffer.cleared': 'input_audio_buffer.cleared',
  'speech.started': 'input_audio_buffer.speech_started',
  'speech.stopped': 'input_audio_buffer.speech_stopped',
  'transcription.delta': 'conversation.item.input_audio_transcription.delta',
  'transcription.completed': 'conversation.item.input_audio_transcription.completed',
  'transcription.failed': 'conversation.item.input_audio_transcription.failed',
  'output.added': 'response.output_item.added',
  'output.done': 'response.output_item.done',
  'part.added': 'response.content_part.added',
  'part.done': 'response.content_part.done',
  limits: 'rate_limits.updated',
  fault: 'error',
  'session.created': 'session.created',
  'session.updated': 'session.updated',
  'response.started': 'response.created',
  'response.finished': 'response.done',
} as const;

/** Those that are recognised without knowing the dialect. */
type FixedNames = Pick<typeof SHARED_NAMES, 'response.started' | 'response.finished' | 'fault' | 'limits'>;

/** `item.done` is undefined in a dialect that reports an item once, when it is added. */
export type ServerEventNames = Readonly<
  Record<Exclude<ServerEvent['type'], 'item.done' | keyof FixedNames>, string> &
    FixedNames & { 'item.done': string | undefined }
>;

/** Names of the GA revision (2025). */
export const GA_NAMES = {
  ...SHARED_NAMES,
  'item.added': 'conversation.item.added',
  'item.done': 'conversation.item.done',
  'text.delta': 'response.output_text.delta',
  'text.done': 'response.output_text.done',
  'transcript.delta': 'response.output_audio_transcript.delta',
  'transcript.done': 'response.output_audio_transcript.done',
  'audio.delta': 'response.output_audio.delta',
  'audio.done': 'response.output_audio.done',
} as const satisfies ServerEventNames;

/** Names of the preview of 2024. */
export const PREVIEW_NAMES = {
  ...SHARED_NAMES,
  'item.added': 'conversation.item.created',
  'item.done': undefined,
  'text.delta': 'response.text.delta',
  'text.done': 'response.text.done',
  'transcript.delta': 'response.audio_transcript.delta',
  'transcript.done': 'response.audio_transcript.done',
  'audio.delta': 'response.audio.delta',
  'audio.done': 'response.audio.done',
} as const satisfies ServerEventNames;

/** `values` under the names on the wire; what the dialect has no name for is left out. */
export function byWireName<K extends string, V>(
  names: Readonly<Record<K, string | undefined>>,
  values: Readonly<Record<NoInfer<K>, V>>,
): ReadonlyMap<string, V> {
  const types = Object.keys(names) as K[];
  return new Map(types.flatMap((type) => (names[type] === undefined ? [] : [[names[type], values[type]]])));
}

/** Messages of a conversation, written and read. The dialects differ in the names of an assistant's parts. */
import { z } from 'zod';

import type { Item, ItemReference, Part } from '../events.js';
import { defined, lenient } from './optional.js';
import { looseSamples, strictSamples, writeSamples, type WriteAudio } from './samples.js';

/** What a dialect calls the parts of an assistant's message. */
export interface AssistantParts<T extends string, A extends string> {
  readonly text: T;
  readonly audio: A;
}

type AudioPart = Extract<Part, { type: 'audio' }>;

/** Ids that clients choose; longer ones are refused (seen live). */
const MAX_ITEM_ID_LENGTH = 32;
/** Characters of one text part (seen live). */
const MAX_TEXT_LENGTH = 256_000;

function writeAudioPart<A extends string>(type: A, part: AudioPart, writeAudio: WriteAudio = writeSamples) {
  return { type, audio: part.audio && writeAudio(part.audio), transcript: part.transcript };
}

export function writeItem<T extends string, A extends string>(
  { id, status, role, parts }: Item,
  names: AssistantParts<T, A>,
  writeAudio?: WriteAudio,
) {
  const type = 'message' as const;
  switch (role) {
    case 'system': {
      const content = parts.flatMap((part) => (part.type === 'text' ? [writeInputText(part.text)] : []));
      return { id, type, status, role, content };
    }
    case 'user': {
      const content = parts.map((part) =>
        part.type === 'text' ? writeInputText(part.text) : writeAudioPart('input_audio', part, writeAudio),
      );
      return { id, type, status, role, content };
    }
    case 'assistant': {
      const content = parts.map((part) =>
        part.type === 'text'
          ? { type: names.text, text: part.text }
          : writeAudioPart(names.audio, part, writeAudio),
      );
      return { id, type, status, role, content };
    }
  }
}

function writeInputText(text: string) {
  return { type: 'input_text' as const, text };
}

/** An item as servers show it. */
export function writeItemView<T extends string, A extends string>(item: Item, names: AssistantParts<T, A>) {
  return { object: 'realtime.item' as const, ...writeItem(item, names) };
}

/** An entry of a response's own input. */
export function writeInput<T extends string, A extends string>(
  entry: Item | ItemReference,
  names: AssistantParts<T, A>,
  writeAudio: WriteAudio,
) {
  return 'reference' in entry
    ? { type: 'item_reference' as const, id: entry.reference }
    : writeItem(entry, names, writeAudio);
}

/** The parts of `response.content_part.*`, the same in every dialect. */
export function writeContentPart(part: Part) {
  return part.type === 'text' ? part : writeAudioPart('audio', part);
}

/** Read under the names of any dialect; undefined for parts of other kinds (images…). */
export const loosePart = z
  .object({
    type: z.string(),
    text: z.string().nullish(),
    audio: looseSamples.nullish(),
    transcript: z.string().nullish(),
  })
  .transform(({ type, text, audio, transcript }): Part | undefined => {
    switch (type) {
      case 'text':
      case 'input_text':
      case 'output_text':
        return { type: 'text', text: text ?? '' };
      case 'audio':
      case 'input_audio':
      case 'output_audio':
        return defined({
          type: 'audio' as const,
          audio: audio ?? undefined,
          transcript: transcript ?? undefined,
        });
      default:
        return undefined;
    }
  });

/** A message; undefined for function calls, MCP items and anything else that a conversation may contain. */
export const looseItem = z
  .object({
    id: z.string().nullish(),
    type: z.string().default('message'),
    role: lenient(z.enum(['system', 'user', 'assistant'])),
    status: lenient(z.enum(['in_progress', 'completed', 'incomplete'])),
    content: z.array(loosePart).nullish(),
  })
  .transform(({ id, type, role, status, content }): Item | undefined =>
    type === 'message' && role != null
      ? defined({
          id: id ?? undefined,
          role,
          status: status ?? undefined,
          parts: (content ?? []).filter((part) => part !== undefined),
        })
      : undefined,
  );

const text = z.string().max(MAX_TEXT_LENGTH);
const inputText = z.strictObject({ type: z.literal('input_text'), text });
const inputAudio = z.strictObject({
  type: z.literal('input_audio'),
  audio: strictSamples,
  transcript: z.string().nullable().optional(),
});

/** Fields that every message has. */
const envelope = {
  type: z.literal('message'),
  id: z.string().max(MAX_ITEM_ID_LENGTH).optional(),
  object: z.literal('realtime.item').optional(),
  status: z.enum(['in_progress', 'completed', 'incomplete']).optional(),
};

function strictMessage(names: AssistantParts<string, string>) {
  const assistantText = z.strictObject({ type: z.literal(names.text), text });
  const assistantAudio = z.strictObject({
    type: z.literal(names.audio),
    audio: strictSamples.optional(),
    transcript: z.string().nullable().optional(),
  });
  return z.discriminatedUnion('role', [
    z.strictObject({
      ...envelope,
      role: z.literal('system'),
      content: z.array(z.discriminatedUnion('type', [inputText])),
    }),
    z.strictObject({
      ...envelope,
      role: z.literal('user'),
      content: z.array(z.discriminatedUnion('type', [inputText, inputAudio])),
    }),
    z.strictObject({
      ...envelope,
      role: z.literal('assistant'),
      content: z.array(z.discriminatedUnion('type', [assistantText, assistantAudio])),
    }),
  ]);
}

type Message = z.output<ReturnType<typeof strictMessage>>;

function toItem(message: Message): Item {
  return defined({
    id: message.id,
    role: message.role,
    status: message.status,
    parts: message.content.map((part): Part =>
      'text' in part
        ? { type: 'text', text: part.text }
        : defined({ type: 'audio' as const, audio: part.audio, transcript: part.transcript ?? undefined }),
    ),
  });
}

/** An item that a client creates. Only messages are supported: other kinds are refused by their type. */
export function strictItem(names: AssistantParts<string, string>) {
  return z.discriminatedUnion('type', [strictMessage(names)]).transform(toItem);
}

const strictReference = z.strictObject({ type: z.literal('item_reference'), id: z.string() });

/** An entry of a response's own input: a message, or the id of an item of the conversation. */
export function strictInput(names: AssistantParts<string, string>) {
  return z
    .discriminatedUnion('type', [strictMessage(names), strictReference])
    .transform((entry): Item | ItemReference =>
      entry.type === 'item_reference' ? { reference: entry.id } : toItem(entry),
    );
}

/** The neutral vocabulary as a schema: decoded events must be exactly of these types, without other fields. */
import { z } from 'zod';
import type { ClientEvent, ServerEvent } from '../../../src/wire/index.js';

const text = z.string();
const count = z.int().min(0);
const outputKind = z.enum(['text', 'audio']);
const format = z.enum(['pcm16', 'g711_ulaw', 'g711_alaw']);
const maxTokens = z.union([count, z.literal('inf')]);
const samples = z.custom<Buffer>((value) => Buffer.isBuffer(value));
const none = z.tuple([]);
const choice = z.enum(['none', 'auto']);
const metadata = z.record(text, text);

const turnDetection = z.strictObject({
  type: z.enum(['server_vad', 'semantic_vad']),
  threshold: z.number().exactOptional(),
  prefixPaddingMs: z.number().exactOptional(),
  silenceDurationMs: z.number().exactOptional(),
  idleTimeoutMs: z.number().nullable().exactOptional(),
  eagerness: z.enum(['low', 'medium', 'high', 'auto']).exactOptional(),
  createResponse: z.boolean().exactOptional(),
  interruptResponse: z.boolean().exactOptional(),
});

const settings = {
  model: text.exactOptional(),
  output: outputKind.exactOptional(),
  instructions: text.exactOptional(),
  voice: text.exactOptional(),
  inputFormat: format.exactOptional(),
  outputFormat: format.exactOptional(),
  transcription: z
    .strictObject({
      model: text.exactOptional(),
      language: text.exactOptional(),
      prompt: text.exactOptional(),
    })
    .nullable()
    .exactOptional(),
  noiseReduction: z.enum(['near_field', 'far_field']).nullable().exactOptional(),
  turnDetection: turnDetection.nullable().exactOptional(),
  tools: none.exactOptional(),
  toolChoice: choice.exactOptional(),
  maxOutputTokens: maxTokens.exactOptional(),
};

const part = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text }),
  z.strictObject({
    type: z.literal('audio'),
    audio: samples.exactOptional(),
    transcript: text.exactOptional(),
  }),
]);

const item = z.strictObject({
  id: text.exactOptional(),
  role: z.enum(['system', 'user', 'assistant']),
  status: z.enum(['in_progress', 'completed', 'incomplete']).exactOptional(),
  parts: z.array(part),
});

const request = z.strictObject({
  conversation: z.enum(['auto', 'none']).exactOptional(),
  output: outputKind.exactOptional(),
  voice: text.exactOptional(),
  outputFormat: format.exactOptional(),
  instructions: text.exactOptional(),
  metadata: metadata.exactOptional(),
  input: z.array(z.union([item, z.strictObject({ reference: text })])).exactOptional(),
  tools: none.exactOptional(),
  toolChoice: choice.exactOptional(),
  maxOutputTokens: maxTokens.exactOptional(),
});

const fromClient = <T extends string, S extends z.core.$ZodShape>(type: T, shape: S) =>
  z.strictObject({ type: z.literal(type), eventId: text.exactOptional(), ...shape });

export const clientEvent: z.ZodType<ClientEvent> = z.discriminatedUnion('type', [
  fromClient('session.configure', {
    session: z.strictObject(settings),
    droppedFields: z.array(text).min(1).exactOptional(),
  }),
  fromClient('item.create', { item, previousItemId: text.exactOptional() }),
  fromClient('item.retrieve', { itemId: text }),
  fromClient('item.delete', { itemId: text }),
  fromClient('item.truncate', { itemId: text, contentIndex: count, audioEndMs: count }),
  fromClient('buffer.append', { audio: samples }),
  fromClient('buffer.commit', {}),
  fromClient('buffer.clear', {}),
  fromClient('response.create', { response: request }),
  fromClient('response.cancel', { responseId: text.exactOptional() }),
]);

const view = z.strictObject({ ...settings, id: text, expiresAt: z.number().exactOptional() });

const response = z.strictObject({
  id: text,
  status: z.enum(['in_progress', 'completed', 'cancelled', 'incomplete', 'failed']),
  reason: text.exactOptional(),
  error: z.strictObject({ code: text, message: text }).exactOptional(),
  output: z.array(item),
  usage: z
    .strictObject({
      inputTokens: z.number(),
      outputTokens: z.number(),
      totalTokens: z.number(),
      inputAudioTokens: z.number().exactOptional(),
      outputAudioTokens: z.number().exactOptional(),
    })
    .exactOptional(),
  metadata: metadata.exactOptional(),
  conversationId: text.nullable().exactOptional(),
  outputKind: outputKind.exactOptional(),
  voice: text.exactOptional(),
  outputFormat: format.exactOptional(),
  maxOutputTokens: maxTokens.exactOptional(),
});

const fromServer = <T extends string, S extends z.core.$ZodShape>(type: T, shape: S) =>
  z.strictObject({ type: z.literal(type), ...shape });

const place = { responseId: text, itemId: text, outputIndex: count, contentIndex: count };
const moved = { item, previousItemId: text.nullable() };
const output = { responseId: text, outputIndex: count, item };

export const serverEvent: z.ZodType<ServerEvent> = z.discriminatedUnion('type', [
  fromServer('session.created', { session: view }),
  fromServer('session.updated', { session: view }),
  fromServer('item.added', moved),
  fromServer('item.done', moved),
  fromServer('item.retrieved', { item }),
  fromServer('item.deleted', { itemId: text }),
  fromServer('item.truncated', { itemId: text, contentIndex: count, audioEndMs: z.number() }),
  fromServer('buffer.committed', { itemId: text, previousItemId: text.nullable() }),
  fromServer('buffer.cleared', {}),
  fromServer('speech.started', { itemId: text, audioStartMs: z.number() }),
  fromServer('speech.stopped', { itemId: text, audioEndMs: z.number() }),
  fromServer('transcription.delta', { itemId: text, contentIndex: count, delta: text }),
  fromServer('transcription.completed', {
    itemId: text,
    contentIndex: count,
    transcript: text,
    seconds: z.number().exactOptional(),
  }),
  fromServer('transcription.failed', { itemId: text, contentIndex: count, code: text, message: text }),
  fromServer('response.started', { response }),
  fromServer('response.finished', { response }),
  fromServer('output.added', output),
  fromServer('output.done', output),
  fromServer('part.added', { part, ...place }),
  fromServer('part.done', { part, ...place }),
  fromServer('text.delta', { delta: text, ...place }),
  fromServer('text.done', { text, ...place }),
  fromServer('transcript.delta', { delta: text, ...place }),
  fromServer('transcript.done', { text, ...place }),
  fromServer('audio.delta', { audio: samples, ...place }),
  fromServer('audio.done', place),
  fromServer('limits', {
    limits: z.array(
      z.strictObject({ name: text, limit: z.number(), remaining: z.number(), resetSeconds: z.number() }),
    ),
  }),
  fromServer('fault', {
    kind: text,
    code: text,
    message: text,
    param: text.exactOptional(),
    causedBy: text.exactOptional(),
  }),
]);

/** The neutral vocabulary as a schema: what decoding yields must be exactly of these types, without fields beside them. */
import { z } from 'zod';
import type { ClientEvent, ServerEvent } from '../../src/wire/index.js';

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

const said = <T extends string, S extends z.core.$ZodShape>(type: T, shape: S) =>
  z.strictObject({ type: z.literal(type), eventId: text.exactOptional(), ...shape });

export const clientEvent: z.ZodType<ClientEvent> = z.discriminatedUnion('type', [
  said('session.configure', {
    session: z.strictObject(settings),
    droppedFields: z.array(text).min(1).exactOptional(),
  }),
  said('item.create', { item, previousItemId: text.exactOptional() }),
  said('item.retrieve', { itemId: text }),
  said('item.delete', { itemId: text }),
  said('item.truncate', { itemId: text, contentIndex: count, audioEndMs: count }),
  said('buffer.append', { audio: samples }),
  said('buffer.commit', {}),
  said('buffer.clear', {}),
  said('response.create', { response: request }),
  said('response.cancel', { responseId: text.exactOptional() }),
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

const heard = <T extends string, S extends z.core.$ZodShape>(type: T, shape: S) =>
  z.strictObject({ type: z.literal(type), ...shape });

const place = { responseId: text, itemId: text, outputIndex: count, contentIndex: count };
const moved = { item, previousItemId: text.nullable() };
const output = { responseId: text, outputIndex: count, item };

export const serverEvent: z.ZodType<ServerEvent> = z.discriminatedUnion('type', [
  heard('session.created', { session: view }),
  heard('session.updated', { session: view }),
  heard('item.added', moved),
  heard('item.done', moved),
  heard('item.retrieved', { item }),
  heard('item.deleted', { itemId: text }),
  heard('item.truncated', { itemId: text, contentIndex: count, audioEndMs: z.number() }),
  heard('buffer.committed', { itemId: text, previousItemId: text.nullable() }),
  heard('buffer.cleared', {}),
  heard('speech.started', { itemId: text, audioStartMs: z.number() }),
  heard('speech.stopped', { itemId: text, audioEndMs: z.number() }),
  heard('transcription.delta', { itemId: text, contentIndex: count, delta: text }),
  heard('transcription.completed', {
    itemId: text,
    contentIndex: count,
    transcript: text,
    seconds: z.number().exactOptional(),
  }),
  heard('transcription.failed', { itemId: text, contentIndex: count, code: text, message: text }),
  heard('response.started', { response }),
  heard('response.finished', { response }),
  heard('output.added', output),
  heard('output.done', output),
  heard('part.added', { part, ...place }),
  heard('part.done', { part, ...place }),
  heard('text.delta', { delta: text, ...place }),
  heard('text.done', { text, ...place }),
  heard('transcript.delta', { delta: text, ...place }),
  heard('transcript.done', { text, ...place }),
  heard('audio.delta', { audio: samples, ...place }),
  heard('audio.done', place),
  heard('limits', {
    limits: z.array(
      z.strictObject({ name: text, limit: z.number(), remaining: z.number(), resetSeconds: z.number() }),
    ),
  }),
  heard('fault', {
    kind: text,
    code: text,
    message: text,
    param: text.exactOptional(),
    causedBy: text.exactOptional(),
  }),
]);

/** What session settings have in common in every dialect: turn detection, transcription, tools, limits. */
import { z } from 'zod';

import { addWireIssue } from '../errors.js';
import type { InputTranscription, OutputKind, SessionSettings, TurnDetection } from '../events.js';
import { defined, lenient } from './optional.js';

export function writeTurnDetection(vad: TurnDetection) {
  const responding = { create_response: vad.createResponse, interrupt_response: vad.interruptResponse };
  return vad.type === 'server_vad'
    ? defined({
        type: vad.type,
        threshold: vad.threshold,
        prefix_padding_ms: vad.prefixPaddingMs,
        silence_duration_ms: vad.silenceDurationMs,
        ...responding,
      })
    : defined({ type: vad.type, eagerness: vad.eagerness, ...responding });
}

/** Reads and writes: model, language and prompt have the same names on the wire. */
export function transcriptionOf(fields: {
  model?: string | null | undefined;
  language?: string | null | undefined;
  prompt?: string | null | undefined;
}): InputTranscription {
  return defined({
    model: fields.model ?? undefined,
    language: fields.language ?? undefined,
    prompt: fields.prompt ?? undefined,
  });
}

const EAGERNESS = ['low', 'medium', 'high', 'auto'] as const;

interface TurnDetectionFields {
  type: TurnDetection['type'];
  threshold?: number | null | undefined;
  prefix_padding_ms?: number | null | undefined;
  silence_duration_ms?: number | null | undefined;
  idle_timeout_ms?: number | null | undefined;
  eagerness?: TurnDetection['eagerness'] | null;
  create_response?: boolean | null | undefined;
  interrupt_response?: boolean | null | undefined;
}

export function turnDetectionOf(fields: TurnDetectionFields): TurnDetection {
  return defined({
    type: fields.type,
    threshold: fields.threshold ?? undefined,
    prefixPaddingMs: fields.prefix_padding_ms ?? undefined,
    silenceDurationMs: fields.silence_duration_ms ?? undefined,
    idleTimeoutMs: fields.idle_timeout_ms,
    eagerness: fields.eagerness ?? undefined,
    createResponse: fields.create_response ?? undefined,
    interruptResponse: fields.interrupt_response ?? undefined,
  });
}

/** null if turn detection is off, undefined if it is of a type unknown to us. */
export const looseTurnDetection = z
  .union([
    z.null(),
    z.object({ type: z.literal('none') }).transform(() => null),
    z
      .object({
        type: z.enum(['server_vad', 'semantic_vad']),
        threshold: lenient(z.number()),
        prefix_padding_ms: lenient(z.number()),
        silence_duration_ms: lenient(z.number()),
        idle_timeout_ms: lenient(z.number()),
        eagerness: lenient(z.enum(EAGERNESS)),
        create_response: lenient(z.boolean()),
        interrupt_response: lenient(z.boolean()),
      })
      .transform(turnDetectionOf),
  ])
  .optional()
  .catch(undefined);

export const looseTranscription = lenient(
  z
    .object({ model: lenient(z.string()), language: lenient(z.string()), prompt: lenient(z.string()) })
    .transform(transcriptionOf),
);

export const looseNoiseReduction = lenient(
  z.object({ type: z.enum(['near_field', 'far_field']) }).transform(({ type }) => type),
);

const responding = { create_response: z.boolean().optional(), interrupt_response: z.boolean().optional() };

/** Fields of server VAD that every dialect has. */
export const strictServerVad = {
  type: z.literal('server_vad'),
  threshold: z.number().min(0).max(1).optional(),
  prefix_padding_ms: z.int().min(0).optional(),
  silence_duration_ms: z.int().min(0).optional(),
  ...responding,
};

export const strictSemanticVad = z.strictObject({
  type: z.literal('semantic_vad'),
  eagerness: z.enum(EAGERNESS).optional(),
  ...responding,
});

export const strictNoiseReduction = z
  .strictObject({ type: z.enum(['near_field', 'far_field']).optional() })
  .nullable()
  .transform((reduction) => (reduction === null ? null : reduction.type));

export const strictSpeed = z.number().min(0.25).max(1.5);

/** Tools are legal but never run here; only the empty list has a neutral counterpart. */
export const strictTools = z
  .array(z.looseObject({ type: z.string() }))
  .transform((tools): readonly [] | undefined => noTools(tools));

function noTools(tools: readonly unknown[] | null | undefined): readonly [] | undefined {
  return tools?.length === 0 ? [] : undefined;
}

export const strictToolChoice = z
  .union([z.enum(['none', 'auto', 'required']), z.looseObject({ type: z.enum(['function', 'mcp']) })])
  .transform(toolChoiceOf);

function toolChoiceOf(choice: unknown): 'none' | 'auto' | undefined {
  return choice === 'none' || choice === 'auto' ? choice : undefined;
}

export const strictMaxTokens = z.union([z.int().min(1), z.literal('inf')]);
export const looseMaxTokens = lenient(z.union([z.int().min(0), z.literal('inf')]));
export const looseTools = lenient(z.array(z.unknown())).transform(noTools);
export const looseToolChoice = lenient(z.unknown()).transform(toolChoiceOf);

/** Unix seconds; some servers write 0 for never. */
export const looseExpiry = lenient(z.number()).transform((seconds) =>
  typeof seconds === 'number' && seconds > 0 ? seconds : undefined,
);

/** Audio always comes with its transcript, so an output is either audio or text. */
export const looseOutputKind = lenient(z.array(z.unknown())).transform((kinds): OutputKind | undefined => {
  if (kinds?.includes('audio') === true) return 'audio';
  return kinds?.includes('text') === true ? 'text' : undefined;
});

/** @param audio how a dialect writes audio output: alone, or with text */
export function strictOutputKind(audio: readonly string[]) {
  const isSame = (kinds: readonly string[], others: readonly string[]) =>
    kinds.length === others.length && others.every((kind) => kinds.includes(kind));
  return z.array(z.enum(['text', 'audio'])).transform((kinds, context): OutputKind => {
    if (isSame(kinds, ['text'])) return 'text';
    if (isSame(kinds, audio)) return 'audio';
    const combination = audio.map((kind) => `'${kind}'`).join(', ');
    addWireIssue(context, 'invalid_value', `Supported combinations are: ['text'] and [${combination}].`);
    return z.NEVER;
  });
}

/** Settings as a client sent them, and the legal fields that have no neutral counterpart. */
export interface DecodedSession {
  session: SessionSettings;
  droppedFields: readonly string[];
}

/** The fields that are not among `kept`, or whose value has no neutral counterpart. */
export function droppedFieldsOf(fields: object | undefined, kept: readonly string[], above = ''): string[] {
  return Object.entries(fields ?? {})
    .filter(([name, value]) => value === undefined || !kept.includes(name))
    .map(([name]) => `${above}${name}`);
}

/** Legal, without a neutral counterpart: checked, then dropped. */
export const strictTracing = z
  .union([
    z.literal('auto'),
    z.strictObject({
      workflow_name: z.string().optional(),
      group_id: z.string().optional(),
      metadata: z.record(z.string(), z.unknown()).optional(),
    }),
  ])
  .nullable();

/** What responses have in common in every dialect: how they ended, what they used, what they contain. */
import { z } from 'zod';

import { addWireIssue } from '../errors.js';
import type { ResponseView, Usage } from '../events.js';
import { looseItem, writeItemView, type AssistantParts } from './items.js';
import { defined, lenient } from './optional.js';

const REASONS = ['turn_detected', 'client_cancelled', 'max_output_tokens', 'content_filter'] as const;
const STATUSES = ['in_progress', 'completed', 'cancelled', 'incomplete', 'failed'] as const;

function writeStatusDetails({ status, reason, error }: ResponseView) {
  if (status === 'in_progress' || (reason === undefined && error === undefined)) return undefined;
  return {
    type: status,
    reason: REASONS.find((known) => known === reason),
    error: error && { type: 'server_error', code: error.code, message: error.message },
  };
}

function writeUsage(usage: Usage) {
  const inputAudio = usage.inputAudioTokens ?? 0;
  const outputAudio = usage.outputAudioTokens ?? 0;
  return {
    total_tokens: usage.totalTokens,
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    input_token_details: {
      text_tokens: usage.inputTokens - inputAudio,
      audio_tokens: inputAudio,
      cached_tokens: 0,
    },
    output_token_details: { text_tokens: usage.outputTokens - outputAudio, audio_tokens: outputAudio },
  };
}

/**
 * The fields that every dialect writes alike. Those that are null in the reference's examples (`status_details`, `usage`,
 * `conversation_id`) are left out: the published schema does not allow null there.
 */
export function writeResponseCommon<T extends string, A extends string>(
  response: ResponseView,
  names: AssistantParts<T, A>,
) {
  return {
    object: 'realtime.response' as const,
    id: response.id,
    status: response.status,
    status_details: writeStatusDetails(response),
    output: response.output.map((item) => writeItemView(item, names)),
    conversation_id: response.conversationId ?? undefined,
    usage: response.usage && writeUsage(response.usage),
    metadata: response.metadata ? { ...response.metadata } : null,
    max_output_tokens: response.maxOutputTokens,
  };
}

const tokens = lenient(z.number());
const looseDetails = lenient(z.object({ audio_tokens: tokens }));

const looseUsage = lenient(
  z.object({
    input_tokens: z.number(),
    output_tokens: z.number(),
    total_tokens: tokens,
    input_token_details: looseDetails,
    output_token_details: looseDetails,
  }),
).transform((usage): Usage | undefined =>
  usage == null
    ? undefined
    : defined({
        inputTokens: usage.input_tokens,
        outputTokens: usage.output_tokens,
        totalTokens: usage.total_tokens ?? usage.input_tokens + usage.output_tokens,
        inputAudioTokens: nonZero(usage.input_token_details?.audio_tokens),
        outputAudioTokens: nonZero(usage.output_token_details?.audio_tokens),
      }),
);

function nonZero(count: number | null | undefined): number | undefined {
  return count == null || count === 0 ? undefined : count;
}

const looseStatusDetails = lenient(
  z.object({
    type: lenient(z.enum(STATUSES)),
    reason: lenient(z.string()),
    error: lenient(
      z.object({ type: lenient(z.string()), code: lenient(z.string()), message: lenient(z.string()) }),
    ),
  }),
);

/** Pairs whose value is not a string are left out. */
const looseMetadata = z
  .unknown()
  .optional()
  .transform((pairs): Record<string, string> | undefined => {
    if (typeof pairs !== 'object' || pairs === null || Array.isArray(pairs)) return undefined;
    const kept: Record<string, string> = {};
    for (const [key, value] of Object.entries(pairs)) if (typeof value === 'string') kept[key] = value;
    return kept;
  });

export const looseResponseCommon = z.object({
  id: z.string(),
  status: z.enum(STATUSES).nullish(),
  status_details: looseStatusDetails,
  output: z.array(looseItem).nullish(),
  conversation_id: lenient(z.string()),
  usage: looseUsage,
  metadata: looseMetadata,
});

/** @param unsaid the status of a response whose server leaves it out: it has just begun, or it has ended */
export function toResponse(
  response: z.output<typeof looseResponseCommon>,
  unsaid: 'in_progress' | 'completed',
): ResponseView {
  const { status_details: details } = response;
  return defined({
    id: response.id,
    status: response.status ?? details?.type ?? (details?.error == null ? unsaid : 'failed'),
    reason: details?.reason ?? undefined,
    error: details?.error
      ? {
          code: details.error.code ?? details.error.type ?? 'unknown',
          message: details.error.message ?? '',
        }
      : undefined,
    output: (response.output ?? []).filter((item) => item !== undefined),
    usage: response.usage,
    metadata: response.metadata,
    conversationId: response.conversation_id ?? null,
  });
}

const MAX_METADATA_PAIRS = 16;

/** At most 16 pairs, keys of 64 characters, values of 512. */
export const strictMetadata = z
  .record(z.string().max(64), z.string().max(512))
  .superRefine((pairs, context) => {
    const count = Object.keys(pairs).length;
    if (count > MAX_METADATA_PAIRS) {
      addWireIssue(
        context,
        'object_above_max_properties',
        `Too many properties. Expected an object with at most ${MAX_METADATA_PAIRS} properties, but got ${count} instead.`,
      );
    }
  })
  .nullable()
  .transform((pairs) => pairs ?? undefined);

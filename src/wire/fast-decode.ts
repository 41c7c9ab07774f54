/**
 * Decodes the most frequent server events without a schema: under load the schemas' own bookkeeping was a third of the cost
 * of a translation. Each decoder gives exactly what the schema of its type would, or undefined if any field is not of the
 * simple form expected here: then the schema decides, and reports what is wrong.
 */
import { defined } from './shared/optional.js';
import type { Item, Part, ResponseStatus, ResponseView, ServerEvent, Usage } from './events.js';

/** An object of JSON. */
export type JsonObject = Readonly<Record<string, unknown>>;

export type FastDecoder = (frame: JsonObject) => ServerEvent | undefined;

const STATUSES: ReadonlySet<unknown> = new Set<ResponseStatus>([
  'in_progress',
  'completed',
  'cancelled',
  'incomplete',
  'failed',
]);

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function fastDelta(type: 'text.delta' | 'transcript.delta'): FastDecoder {
  return ({ response_id, item_id, output_index, content_index, delta }) =>
    typeof response_id === 'string' &&
    typeof item_id === 'string' &&
    isIndex(output_index) &&
    isIndex(content_index) &&
    typeof delta === 'string'
      ? {
          type,
          responseId: response_id,
          itemId: item_id,
          outputIndex: output_index,
          contentIndex: content_index,
          delta,
        }
      : undefined;
}

export function fastResponse(type: 'response.started' | 'response.finished'): FastDecoder {
  return (frame) => {
    const response = isObject(frame.response) ? toView(frame.response) : undefined;
    return response && { type, response };
  };
}

function toView(response: JsonObject): ResponseView | undefined {
  const { id, status, status_details: details, conversation_id: conversationId } = response;
  const output = toItems(response.output);
  const usage = response.usage == null ? undefined : toUsage(response.usage);
  const metadata = response.metadata == null ? undefined : toPairs(response.metadata);
  if (typeof id !== 'string' || !isStatus(status) || details != null || output === undefined)
    return undefined;
  if (conversationId != null && typeof conversationId !== 'string') return undefined;
  if (usage === undefined && response.usage != null) return undefined;
  if (metadata === undefined && response.metadata != null) return undefined;
  return defined({ id, status, output, usage, metadata, conversationId: conversationId ?? null });
}

function toItems(output: unknown): Item[] | undefined {
  if (output == null) return [];
  if (!Array.isArray(output)) return undefined;
  const items: Item[] = [];
  for (const each of output as readonly unknown[]) {
    const item = isObject(each) ? toItem(each) : undefined;
    if (item === undefined) return undefined;
    items.push(item);
  }
  return items;
}

/** Only a message of an assistant whose parts are all text. */
function toItem({ id, type, role, status, content }: JsonObject): Item | undefined {
  if (type !== 'message' || role !== 'assistant' || typeof id !== 'string' || !Array.isArray(content))
    return undefined;
  if (status !== 'completed' && status !== 'in_progress' && status !== 'incomplete') return undefined;
  const parts: Part[] = [];
  for (const part of content as readonly unknown[]) {
    if (!isObject(part) || typeof part.text !== 'string') return undefined;
    if (part.type !== 'text' && part.type !== 'output_text') return undefined;
    // The schema checks the fields of other kinds of parts too.
    if (part.audio != null || part.transcript != null) return undefined;
    parts.push({ type: 'text', text: part.text });
  }
  return { id, role, status, parts };
}

/** Only counts without audio tokens. */
function toUsage(usage: unknown): Usage | undefined {
  if (!isObject(usage)) return undefined;
  const { input_tokens: inputTokens, output_tokens: outputTokens, total_tokens: totalTokens } = usage;
  if (!isCount(inputTokens) || !isCount(outputTokens) || !isCount(totalTokens)) return undefined;
  return hasNoAudio(usage.input_token_details) && hasNoAudio(usage.output_token_details)
    ? { inputTokens, outputTokens, totalTokens }
    : undefined;
}

function hasNoAudio(details: unknown): boolean {
  return (
    details == null || (isObject(details) && (details.audio_tokens == null || details.audio_tokens === 0))
  );
}

function toPairs(metadata: unknown): Record<string, string> | undefined {
  if (!isObject(metadata)) return undefined;
  const pairs: Record<string, string> = {};
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') return undefined;
    pairs[key] = value;
  }
  return pairs;
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isStatus(status: unknown): status is ResponseStatus {
  return STATUSES.has(status);
}

function isCount(value: unknown): value is number {
  return Number.isFinite(value);
}

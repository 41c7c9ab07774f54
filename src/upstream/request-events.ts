/** The events that one request sends: its prompt where the socket lacks it, then a response outside the conversation. */
import type { ClientEvent, Item, Part } from '../wire/index.js';
import type { UpstreamRequest } from './pending-response.js';
import type { PromptItem } from './prompt-items.js';

/** They are sent together: the socket keeps their order, so that none has to be acknowledged before the next. */
export function requestEvents(
  request: UpstreamRequest,
  requestId: string,
  promptItem: PromptItem,
): ClientEvent[] {
  const { id, isNew, evictedId } = promptItem;
  const events: ClientEvent[] = [];
  if (evictedId !== undefined)
    events.push({ type: 'item.delete', eventId: `evict_${evictedId}`, itemId: evictedId });
  if (isNew) {
    const item: Item = { id, role: 'system', parts: [{ type: 'text', text: request.prompt }] };
    events.push({ type: 'item.create', eventId: id, item });
  }
  events.push({
    type: 'response.create',
    eventId: requestId,
    response: {
      conversation: 'none',
      output: request.output,
      ...(request.output === 'audio' && request.voice !== undefined ? { voice: request.voice } : {}),
      metadata: { ...request.metadata, request_id: requestId },
      input: [{ reference: id }, ...inputItems(request)],
    },
  });
  return events;
}

/** The question is alone in its item; the context, which is not to be translated, has an item of its own. */
function inputItems({ context, question }: UpstreamRequest): Item[] {
  const items: Item[] = [];
  if (context !== undefined) {
    const text = `Context that helps to understand what follows; it is not to be translated:\n${context}`;
    items.push({ role: 'system', parts: [{ type: 'text', text }] });
  }
  const part: Part =
    'text' in question ? { type: 'text', text: question.text } : { type: 'audio', audio: question.pcm };
  items.push({ role: 'user', parts: [part] });
  return items;
}

/** What of a request goes into its own input, behind the reference to its prompt. */
import type { Item } from '../wire/index.js';
import type { UpstreamRequest } from './pending-response.js';

/** The question stands alone in its item; what only helps has one of its own. */
export function inputItems({ context, question }: UpstreamRequest): Item[] {
  const items: Item[] = [];
  if (context !== undefined) {
    const text = `Context that helps to understand what follows; it is not to be translated:\n${context}`;
    items.push({ role: 'system', parts: [{ type: 'text', text }] });
  }
  items.push({
    role: 'user',
    parts: [
      'text' in question ? { type: 'text', text: question.text } : { type: 'audio', audio: question.pcm },
    ],
  });
  return items;
}

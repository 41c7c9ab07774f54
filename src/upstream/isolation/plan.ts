/** What a level sends for a request that is alone on its socket, and what that leaves there. */
import type { ClientEvent, Item, Part, ResponseRequest, SessionSettings } from '../../wire/index.js';
import type { UpstreamRequest } from '../pending-response.js';

export interface Opening {
  readonly events: readonly ClientEvent[];
  /** The question is a recording in the input buffer: upstream is asked once it has told of it, or answers by itself. */
  readonly isCommitted: boolean;
}

export interface ExchangePlan {
  /** What goes before the response. Event ids are the request's, or begin with it and an underscore. */
  opening(request: UpstreamRequest, requestId: string, settings: SessionSettings): Opening;
  response(request: UpstreamRequest, requestId: string): ResponseRequest;
  /** Something of the request stays in the conversation. */
  readonly leavesItems: boolean;
  /** Whether it is deleted afterwards. */
  readonly deletesItems: boolean;
}

/** Whether upstream answers a committed recording by itself. Learned from the first one, for all sockets. */
export interface SpeechHabit {
  answersByItself: boolean | undefined;
}

/** The context, which is not to be translated, and then the question, alone in its item. */
export function questionItems({ context, question }: UpstreamRequest): Item[] {
  const part: Part =
    'text' in question ? { type: 'text', text: question.text } : { type: 'audio', audio: question.pcm };
  return [...contextItems(context), { role: 'user', parts: [part] }];
}

/** As a user's item: servers of these levels let the instructions take the place of all system items. */
export function contextItems(context: string | undefined): Item[] {
  if (context === undefined) return [];
  const text = `Context that helps to understand what follows; it is not to be translated:\n${context}`;
  return [{ role: 'user', parts: [{ type: 'text', text }] }];
}

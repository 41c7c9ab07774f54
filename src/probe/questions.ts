/** Questions whose answers show what a server holds: each names a name that no other does. */
import { randomInt } from 'node:crypto';
import type { Item, ServerEvent } from '../wire/index.js';
import type { ProbeSocket } from './probe-socket.js';

export const PROMPT = 'Answer in a few words, and repeat every name that I mention.';

export interface ProbeQuestion {
  readonly name: string;
  readonly text: string;
}

/** Asked first. */
export function firstQuestion(): ProbeQuestion {
  const name = makeName();
  return { name, text: `My dog is called ${name}.` };
}

/** Asked next: the answer holds the first name only where something of the first question is left. */
export function nextQuestion(): ProbeQuestion {
  const name = makeName();
  return { name, text: `My cat is called ${name}. What is my dog called?` };
}

function makeName(): string {
  const pick = (letters: string): string => letters.charAt(randomInt(letters.length));
  const syllable = (): string => pick('bdfgklmnprstvz') + pick('aeou');
  const name = syllable() + syllable() + syllable() + pick('xkz');
  return name.charAt(0).toUpperCase() + name.slice(1);
}

export function userItem(text: string, id?: string): Item {
  return { ...(id !== undefined && { id }), role: 'user', parts: [{ type: 'text', text }] };
}

export interface Answer {
  readonly responseId: string;
  readonly status: string;
  readonly text: string;
  readonly hasSound: boolean;
  /** Ids of the items that it became. */
  readonly itemIds: readonly string[];
  readonly metadata: Readonly<Record<string, string>> | undefined;
}

/** After an error a server that goes on sends something within this time. */
const SILENCE_MS = 3_000;

/**
 * Waits for the next `count` responses to end.
 * @param from of the socket's events: those before it do not count
 * @returns undefined where they do not end in time, or an error is followed by nothing
 */
export async function answers(socket: ProbeSocket, from: number, count = 1): Promise<Answer[] | undefined> {
  const ended = (): Answer[] => readAnswers(socket.events.slice(from));
  const isOver = (): boolean => ended().length >= count || socket.events.slice(from).some(isFault);
  await socket.until(isOver);
  for (let seen = -1; ended().length < count && seen < socket.events.length;) {
    seen = socket.events.length;
    const before = seen;
    await socket.until(() => ended().length >= count || socket.events.length > before, SILENCE_MS);
    if (socket.events.length === before) break;
  }
  const found = ended();
  return found.length < count ? undefined : found;
}

function isFault(event: ServerEvent): boolean {
  return event.type === 'fault';
}

function readAnswers(events: readonly ServerEvent[]): Answer[] {
  return events.flatMap((event) => {
    if (event.type !== 'response.finished') return [];
    const { id, status, output, metadata } = event.response;
    const deltas = events.filter((other) => 'responseId' in other && other.responseId === id);
    const text = deltas.map((delta) => ('delta' in delta ? delta.delta : '')).join('');
    const whole = output.flatMap(({ parts }) =>
      parts.map((part) => (part.type === 'text' ? part.text : (part.transcript ?? ''))),
    );
    const added = deltas.flatMap((delta) =>
      'item' in delta && delta.item.id !== undefined ? delta.item.id : [],
    );
    const itemIds = [...new Set([...added, ...output.flatMap((item) => item.id ?? [])])];
    const hasSound = deltas.some(({ type }) => type === 'audio.delta');
    return [
      { responseId: id, status, text: text === '' ? whole.join('') : text, hasSound, itemIds, metadata },
    ];
  });
}

/** The answer is complete and names its own name, and none of the others. */
export function isOwn(answer: Answer, own: ProbeQuestion, others: readonly ProbeQuestion[] = []): boolean {
  const says = ({ name }: ProbeQuestion): boolean => answer.text.toLowerCase().includes(name.toLowerCase());
  return answer.status === 'completed' && says(own) && !others.some(says);
}

/** Calls a responder as the offline server does, and collects its answer. */
import type { Responder, ResponderRequest } from '../../src/offline/server/responder.js';
import type { Item } from '../../src/wire/index.js';

export interface Answer {
  text: string;
  deltas: string[];
  /** PCM16 mono 24 kHz */
  pcm: Buffer;
}

export function textItem(text: string, role: Item['role'] = 'user'): Item {
  return { role, parts: [{ type: 'text', text }] };
}

export function audioItem(audio: Buffer): Item {
  return { role: 'user', parts: [{ type: 'audio', audio }] };
}

/** @param question a text, or the whole context */
export async function ask(
  responder: Responder,
  question: string | Item[],
  wish: Partial<Omit<ResponderRequest, 'items'>> & { source?: string; target?: string } = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Answer> {
  const { source, target, ...request } = wish;
  const metadata = {
    ...(source !== undefined && { source_language: source }),
    ...(target !== undefined && { target_language: target }),
  };
  const items = typeof question === 'string' ? [textItem(question)] : question;
  const whole = { responseId: 'resp_1', output: 'text', voice: undefined, instructions: '' } as const;
  const deltas: string[] = [];
  const chunks: Buffer[] = [];
  for await (const event of responder.respond({ ...whole, metadata, ...request, items }, signal)) {
    if (event.type === 'audio') chunks.push(event.pcm);
    else if (event.type === 'text') deltas.push(event.delta);
  }
  return { text: deltas.join(''), deltas, pcm: Buffer.concat(chunks) };
}

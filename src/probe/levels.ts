/** Tries each level of isolation on a socket of its own, and says whether it holds. */
import type { IsolationLevel } from '../providers/isolation-level.js';
import type { ResponseRequest } from '../wire/index.js';
import type { ProbeSocket } from './probe-socket.js';
import { answers, firstQuestion, isOwn, nextQuestion, PROMPT, userItem, type Answer } from './questions.js';

/** What an attempt at a level has shown; undefined is not known. */
export interface LevelFindings {
  readonly holds: boolean;
  /** Why it does not hold. */
  readonly reason?: string;
  readonly echoesMetadata?: boolean;
  readonly isTextOnly?: boolean;
  readonly deletesItems?: boolean;
  readonly atOnce?: 'one' | 'many';
}

const ACKNOWLEDGED_MS = 3_000;

export type LevelCheck = (socket: ProbeSocket) => Promise<LevelFindings>;

export const LEVEL_CHECKS: Readonly<Record<IsolationLevel, LevelCheck>> = {
  reference: checkReference,
  inline: checkInline,
  sweep: checkSweep,
  fresh: checkFresh,
};

function no(reason: string, more: Omit<LevelFindings, 'holds' | 'reason'> = {}): LevelFindings {
  return { holds: false, reason, ...more };
}

function metadataOf(requestId: string): Pick<ResponseRequest, 'metadata'> {
  return { metadata: { request_id: requestId } };
}

/** Two responses at a time, whose input refers to an item. */
async function checkReference(socket: ProbeSocket): Promise<LevelFindings> {
  const from = socket.events.length;
  const questions = [firstQuestion(), nextQuestion()] as const;
  const prompt = { id: 'probe_prompt', role: 'system', parts: [{ type: 'text', text: PROMPT }] } as const;
  socket.send({ type: 'item.create', eventId: 'probe_item', item: prompt });
  for (const [index, { text }] of questions.entries()) {
    const response: ResponseRequest = {
      ...{ conversation: 'none', output: 'text', ...metadataOf(`probe_${index}`) },
      input: [{ reference: prompt.id }, userItem(text)],
    };
    socket.send({ type: 'response.create', eventId: `probe_${index}`, response });
  }
  const found = await answers(socket, from, questions.length);
  if (found === undefined) return no('two responses that refer to an item were not both answered');
  const echoesMetadata = found.every(({ metadata }) => metadata?.request_id !== undefined);
  if (!echoesMetadata) return no('metadata are not returned', { echoesMetadata });
  for (const [index, own] of questions.entries()) {
    const answer = found.find(({ metadata }) => metadata?.request_id === `probe_${index}`);
    const others = questions.filter((other) => other !== own);
    if (answer === undefined || !isOwn(answer, own, others))
      return no('an answer was not that of its question', { echoesMetadata });
  }
  const deletesItems = await deletes(socket, [prompt.id], 'all');
  return { holds: true, echoesMetadata, isTextOnly: isTextOnly(found), deletesItems, atOnce: 'many' };
}

/** Outside the conversation: nothing of it may be found there afterwards. */
async function checkInline(socket: ProbeSocket): Promise<LevelFindings> {
  const [first, next] = [firstQuestion(), nextQuestion()];
  const found: Answer[] = [];
  for (const [index, { text }] of [first, next].entries()) {
    const from = socket.events.length;
    const response: ResponseRequest = {
      ...{ conversation: 'none', output: 'text', instructions: PROMPT, ...metadataOf(`probe_${index}`) },
      input: [userItem(text, `probe_item_${index}`)],
    };
    socket.send({ type: 'response.create', eventId: `probe_${index}`, response });
    const [answer] = (await answers(socket, from)) ?? [];
    if (answer === undefined) return no('a response outside the conversation was not answered');
    found.push(answer);
  }
  const [one, two] = found as [Answer, Answer];
  const echoesMetadata = found.every(({ metadata }) => metadata?.request_id !== undefined);
  if (!isOwn(one, first)) return no('the input of a response does not reach the model', { echoesMetadata });
  if (!isOwn(two, next, [first])) return no('a question is left for the next one', { echoesMetadata });
  const kept = ['probe_item_0', 'probe_item_1', ...found.flatMap(({ itemIds }) => itemIds)];
  if (await deletes(socket, kept, 'any'))
    return no('what is said outside the conversation is kept in it', { echoesMetadata });
  const deletesItems = await deletesOwn(socket);
  return {
    holds: true,
    echoesMetadata,
    isTextOnly: isTextOnly(found),
    deletesItems,
    atOnce: await atOnce(socket),
  };
}

async function deletesOwn(socket: ProbeSocket): Promise<boolean> {
  const item = userItem('Hello.', 'probe_deleted');
  socket.send({ type: 'item.create', eventId: 'probe_deleted', item });
  return deletes(socket, ['probe_deleted'], 'all');
}

/** Whether two responses outside the conversation are both answered. */
async function atOnce(socket: ProbeSocket): Promise<'one' | 'many'> {
  const from = socket.events.length;
  for (const [index, { text }] of [firstQuestion(), firstQuestion()].entries()) {
    const response: ResponseRequest = {
      ...{ conversation: 'none', output: 'text', instructions: PROMPT },
      input: [userItem(text)],
    };
    socket.send({ type: 'response.create', eventId: `probe_at_once_${index}`, response });
  }
  return (await answers(socket, from, 2)) === undefined ? 'one' : 'many';
}

/** In the conversation, and deleted before the next question. */
async function checkSweep(socket: ProbeSocket): Promise<LevelFindings> {
  const [first, next] = [firstQuestion(), nextQuestion()];
  const one = await converse(socket, first.text, 'probe_sweep_0');
  if (one === undefined || !isOwn(one, first)) return no('a question in the conversation was not answered');
  const deletesItems = await deletes(socket, ['probe_sweep_0', ...one.itemIds], 'all');
  if (!deletesItems) return no('items of the conversation are not deleted', { deletesItems });
  const two = await converse(socket, next.text, 'probe_sweep_1');
  if (two === undefined || !isOwn(two, next, [first]))
    return no('a question is left for the next one, though it was deleted', { deletesItems });
  return { holds: true, deletesItems, isTextOnly: isTextOnly([one, two]), atOnce: 'one' };
}

/** One question on a socket. */
async function checkFresh(socket: ProbeSocket): Promise<LevelFindings> {
  const question = firstQuestion();
  const answer = await converse(socket, question.text, 'probe_fresh');
  if (answer === undefined || !isOwn(answer, question))
    return no('a question in the conversation was not answered');
  return { holds: true, isTextOnly: isTextOnly([answer]), atOnce: 'one' };
}

async function converse(socket: ProbeSocket, text: string, id: string): Promise<Answer | undefined> {
  const from = socket.events.length;
  const response: ResponseRequest = { instructions: PROMPT, output: 'text' };
  socket.send(
    { type: 'item.create', eventId: id, item: userItem(text, id) },
    { type: 'response.create', eventId: `${id}_response`, response },
  );
  return (await answers(socket, from))?.[0];
}

/** Whether upstream acknowledges that it deleted any, or all, of these. */
async function deletes(socket: ProbeSocket, ids: readonly string[], which: 'any' | 'all'): Promise<boolean> {
  const from = socket.events.length;
  for (const itemId of ids) socket.send({ type: 'item.delete', eventId: `delete_${itemId}`, itemId });
  const seen = () => socket.events.slice(from);
  const deleted = (): number => seen().filter(({ type }) => type === 'item.deleted').length;
  const answered = (): number => deleted() + seen().filter(({ type }) => type === 'fault').length;
  await socket.until(() => answered() >= ids.length, ACKNOWLEDGED_MS);
  return which === 'any' ? deleted() > 0 : deleted() >= ids.length;
}

function isTextOnly(found: readonly Answer[]): boolean {
  return !found.some(({ hasSound }) => hasSound);
}

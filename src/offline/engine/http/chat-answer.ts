/** Reads the answer of a chat model, streamed or whole, as the different servers send it. */
import { z } from 'zod';
import { ResponderError } from '../../server/errors.js';
import { readEventData } from './event-stream.js';
import type { PartAnswer, PartClient } from './part-client.js';
import type { PartError } from './part-error.js';

/** Some models stream a list of parts, of which only texts are the answer. */
const CONTENT = z
  .union([z.string(), z.array(z.looseObject({ type: z.string(), text: z.string().optional() }))])
  .nullish();
const MESSAGE = z.looseObject({ content: CONTENT }).nullish();
/** Reasoning (`reasoning`, `reasoning_content`) is not read. The last chunk with the usage has no choices. */
const CHUNK = z.looseObject({
  choices: z
    .array(z.looseObject({ delta: MESSAGE, message: MESSAGE, finish_reason: z.string().nullish() }))
    .nullish(),
  error: z.unknown().optional(),
});

const DONE = '[DONE]';
const MAX_WHOLE_BYTES = 4_000_000;
const STREAM_BYTES_PER_ANSWER = 64_000_000;

/** @throws PartError for an error inside the stream, an end without a reason, and a cut answer */
export async function* readChatAnswer(
  answer: PartAnswer,
  client: PartClient,
): AsyncGenerator<string, void, void> {
  let finish: string | undefined;
  let isChat = false;
  for await (const data of dataOf(answer, client)) {
    if (data === DONE) {
      finish ??= 'stop';
      break;
    }
    const chunk = parseChunk(data, client);
    isChat = true;
    if (chunk.error !== undefined && chunk.error !== null) throw streamError(chunk.error, client);
    const [choice] = chunk.choices ?? [];
    const text = textOf(choice?.delta ?? choice?.message);
    if (text !== '') yield text;
    finish = choice?.finish_reason ?? finish;
  }
  // A page, for example, has no line of data.
  if (!isChat) throw notChat(client);
  checkFinish(finish, client);
}

async function* dataOf(answer: PartAnswer, client: PartClient): AsyncGenerator<string, void, void> {
  // A server that does not stream answers with one JSON object.
  const isWhole = answer.contentType.includes('json') && !answer.contentType.includes('event-stream');
  const chunks = bounded(answer, isWhole ? MAX_WHOLE_BYTES : STREAM_BYTES_PER_ANSWER, client);
  if (!isWhole) {
    yield* readEventData(chunks, () => client.failure('rejected', 'sent a line without an end'));
    return;
  }
  const parts: Buffer[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  yield Buffer.concat(parts).toString('utf8');
}

/** Thoughts count, too, so that a model that never ends is ended. */
async function* bounded(answer: PartAnswer, maxBytes: number, client: PartClient): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of answer.chunks()) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw client.failure('overlong', `answered with more than ${maxBytes} bytes`);
    yield chunk;
  }
}

function parseChunk(data: string, client: PartClient): z.output<typeof CHUNK> {
  try {
    const parsed = CHUNK.safeParse(JSON.parse(data));
    if (parsed.success) return parsed.data;
  } catch {
    // Not JSON: told below like JSON of another shape.
  }
  throw notChat(client);
}

function notChat(client: PartClient): PartError {
  return client.failure('rejected', 'answered with something that is no chat completion');
}

function textOf(message: z.output<typeof MESSAGE>): string {
  const content = message?.content ?? '';
  if (typeof content === 'string') return content;
  return content.map(({ type, text = '' }) => (type === 'text' ? text : '')).join('');
}

/** The error of a server stands in `code`, `type` or `status`; its message may quote the question. */
function streamError(error: unknown, client: PartClient): PartError {
  const { data } = z
    .looseObject({ code: z.unknown().optional(), type: z.unknown().optional() })
    .safeParse(error);
  const names = [data?.code, data?.type].map(String);
  if (names.some((name) => name === '429' || /rate_?limit/i.test(name)))
    return client.failure('rate_limited', 'is at its rate limit');
  return client.failure('unavailable', 'sent an error instead of its answer');
}

function checkFinish(finish: string | undefined, client: PartClient): void {
  if (finish === undefined) throw client.failure('unavailable', 'ended its answer without saying so');
  if (finish === 'length') throw client.failure('overlong', 'reached its limit of tokens');
  if (finish === 'error') throw client.failure('unavailable', 'ended its answer with an error');
  if (finish === 'content_filter')
    throw new ResponderError(
      'content_filter',
      'The translator ended the answer because of its content filter.',
      'incomplete',
    );
}

/**
 * Imitations of chat servers, made from their sources: Ollama fb307609 (openai/openai.go, middleware/openai.go), vLLM
 * (chat_completion serving, 2026), llama.cpp (tools/server), and OpenRouter's documentation of its streams.
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { PartServer, sendJson, type PartCall } from './part-server.js';

interface AskedMessage {
  readonly role: string;
  readonly content: string;
}

export interface AskedChat {
  readonly model: string;
  readonly messages: readonly AskedMessage[];
  readonly temperature: number;
  readonly max_tokens: number;
  readonly stream: boolean;
  readonly stream_options?: { readonly include_usage: boolean };
  readonly stop?: readonly string[];
}

/** What the model writes. A refusal of its chat template is an answer 400. */
export type Model = (chat: AskedChat) => string | { readonly refusal: string };

export interface ChatOptions {
  readonly model?: Model;
  /** Before each piece; absent: none. */
  readonly pieceMs?: number;
  /** How a text is cut; absent: three characters a piece. */
  readonly pieces?: (text: string) => string[];
  /** Breaks off after that many pieces. */
  readonly breakAfter?: number;
  readonly key?: string;
}

const FIELDS = ['model', 'messages', 'temperature', 'max_tokens', 'stream', 'stream_options', 'stop'];

/** The text between the markers in capitals: what "translates" in these imitations. */
export const capitals: Model = ({ messages }) => {
  const content = messages.at(-1)?.content ?? '';
  const marked = /^<(text-[0-9a-f]{8})>\n([\s\S]*)\n<\/\1>$/.exec(content);
  return marked?.[2]?.toUpperCase() ?? `No markers: ${content}`;
};

const byThree = (text: string): string[] => text.match(/[\s\S]{1,3}/gu) ?? [];

/** The body of a call, refused where it has a field that some server does not take. */
export function askedChat({ body }: PartCall): AskedChat {
  const chat = JSON.parse(body.toString()) as AskedChat;
  const unknown = Object.keys(chat).filter((field) => !FIELDS.includes(field));
  if (unknown.length > 0) throw new Error(`fields that not every server takes: ${unknown.join(', ')}`);
  return chat;
}

export function lastChat(server: PartServer): AskedChat {
  const call = server.calls.at(-1);
  if (call === undefined) throw new Error('no call');
  return askedChat(call);
}

/** The frames of one server: what it writes around the text. */
interface Spelling {
  readonly models: string;
  begin?(chat: AskedChat): string;
  piece(text: string, chat: AskedChat, isFirst: boolean): string;
  finish(chat: AskedChat): string;
  usage(chat: AskedChat): string;
  readonly end: string;
  error(status: number, message: string): string;
}

async function startChat(base: string, spelling: Spelling, options: ChatOptions): Promise<PartServer> {
  return PartServer.start(base, async (call, res) => {
    if (options.key !== undefined && call.headers.authorization !== `Bearer ${options.key}`) {
      sendJson(res, spelling.error(401, 'Unauthorized'), 401);
      return;
    }
    if (call.method === 'GET') {
      if (call.path === `${base}/models`) sendJson(res, spelling.models);
      else sendJson(res, spelling.error(404, 'Not Found'), 404);
      return;
    }
    const chat = askedChat(call);
    const written = (options.model ?? capitals)(chat);
    if (typeof written === 'string')
      await stream(res, spelling, chat, untilStop(written, chat.stop), options);
    else sendJson(res, spelling.error(400, written.refusal), 400);
  });
}

function untilStop(text: string, stops: readonly string[] = []): string {
  const ends = stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
  return text.slice(0, Math.min(text.length, ...ends));
}

async function stream(
  res: ServerResponse,
  spelling: Spelling,
  chat: AskedChat,
  text: string,
  { pieceMs, pieces = byThree, breakAfter }: ChatOptions,
): Promise<void> {
  res.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
  const isGone = once(res, 'close');
  res.write(spelling.begin?.(chat) ?? '');
  let count = 0;
  for (const piece of pieces(text)) {
    await (pieceMs === undefined ? nextTurn() : Promise.race([wait(pieceMs), isGone]));
    if (res.destroyed) return;
    if (count === breakAfter) {
      res.destroy();
      return;
    }
    res.write(spelling.piece(piece, chat, count === 0));
    count += 1;
  }
  res.write(spelling.finish(chat));
  if (chat.stream_options?.include_usage === true) res.write(spelling.usage(chat));
  res.end(spelling.end);
}

const frame = (value: object): string => `data: ${JSON.stringify(value)}\n\n`;
const DONE = 'data: [DONE]\n\n';
const created = 1_780_000_000;

/** Goes from the last content straight to an empty delta; the role comes with the first content. */
export function startOllama(options: ChatOptions = {}): Promise<PartServer> {
  const chunk = ({ model }: AskedChat, choices: object[], more = {}): string =>
    frame({
      ...{ id: 'chatcmpl-544', object: 'chat.completion.chunk', created, model },
      ...{ system_fingerprint: 'fp_ollama', choices, ...more },
    });
  return startChat(
    '/v1',
    {
      models:
        '{"object":"list","data":[{"id":"gemma3:4b","object":"model","created":1780000000,"owned_by":"library"}]}\n',
      piece: (content, chat, isFirst) =>
        chunk(chat, [
          { index: 0, delta: { ...(isFirst && { role: 'assistant' }), content }, finish_reason: null },
        ]),
      finish: (chat) => chunk(chat, [{ index: 0, delta: {}, finish_reason: 'stop' }]),
      usage: (chat) =>
        chunk(chat, [], { usage: { prompt_tokens: 26, completion_tokens: 9, total_tokens: 35 } }),
      end: DONE,
      error: (status, message) =>
        `${JSON.stringify({ error: { message, type: status === 404 ? 'not_found_error' : 'api_error', param: null, code: null } })}\n`,
    },
    options,
  );
}

/** Begins with an empty delta that has the role; refuses more tokens than its context holds. */
export function startVllm(options: ChatOptions = {}): Promise<PartServer> {
  const contextTokens = 4_096;
  const chunk = ({ model }: AskedChat, choices: object[], more = {}): string =>
    frame({ id: 'chatcmpl-9f1c', object: 'chat.completion.chunk', created, model, choices, ...more });
  const delta = (value: object, finish: string | null = null): object => ({
    ...{ index: 0, delta: value, logprobs: null, finish_reason: finish },
    ...(finish !== null && { stop_reason: null }),
  });
  const { model = capitals } = options;
  return startChat(
    '/v1',
    {
      models:
        '{"object":"list","data":[{"id":"m","object":"model","created":1780000000,"owned_by":"vllm","max_model_len":4096}]}',
      begin: (chat) => chunk(chat, [delta({ role: 'assistant', content: '' })]),
      piece: (content, chat) => chunk(chat, [delta({ content })]),
      finish: (chat) => chunk(chat, [delta({ content: '' }, 'stop')]),
      usage: (chat) =>
        chunk(chat, [], { usage: { prompt_tokens: 21, total_tokens: 30, completion_tokens: 9 } }),
      end: DONE,
      error: (code, message) =>
        JSON.stringify({
          error: { message, type: code === 404 ? 'NotFoundError' : 'BadRequestError', param: null, code },
        }),
    },
    {
      ...options,
      model: (chat) =>
        chat.max_tokens > contextTokens
          ? {
              refusal: `max_tokens=${chat.max_tokens} cannot be greater than max_model_len=${contextTokens}.`,
            }
          : model(chat),
    },
  );
}

/** Keys in alphabetical order, a null content first, timings in the last chunk. */
export function startLlamaCpp(options: ChatOptions = {}): Promise<PartServer> {
  const chunk = ({ model }: AskedChat, choices: object[], more = {}): string =>
    frame({
      ...{ choices, created, id: 'chatcmpl-QZ8', model, system_fingerprint: 'b6500-1a2b3c4d' },
      ...{ object: 'chat.completion.chunk', ...more },
    });
  return startChat(
    '/v1',
    {
      models:
        '{"object":"list","data":[{"id":"model.gguf","object":"model","created":1780000000,"owned_by":"llamacpp"}]}',
      begin: (chat) =>
        chunk(chat, [{ finish_reason: null, index: 0, delta: { role: 'assistant', content: null } }]),
      piece: (content, chat) => chunk(chat, [{ finish_reason: null, index: 0, delta: { content } }]),
      finish: (chat) => chunk(chat, [{ finish_reason: 'stop', index: 0, delta: {} }]),
      usage: (chat) =>
        chunk(chat, [], {
          usage: { completion_tokens: 9, prompt_tokens: 21, total_tokens: 30 },
          timings: { prompt_n: 21, prompt_ms: 12.5, predicted_n: 9, predicted_ms: 88.1 },
        }),
      end: DONE,
      error: (code, message) => JSON.stringify({ error: { code, message, type: 'invalid_request_error' } }),
    },
    options,
  );
}

/** Comments while it waits, fields of its own, and the usage in the chunk behind the end. */
export function startOpenRouter(options: ChatOptions & { failsInside?: boolean } = {}): Promise<PartServer> {
  const comment = ': OPENROUTER PROCESSING\n\n';
  const chunk = ({ model }: AskedChat, choices: object[], more = {}): string =>
    frame({
      ...{ id: 'gen-1780000000-Qk1', provider: 'Azure', model, object: 'chat.completion.chunk', created },
      ...{ choices, ...more },
    });
  const delta = (content: string, finish: string | null = null): object => ({
    ...{
      index: 0,
      delta: { role: 'assistant', content },
      finish_reason: finish,
      native_finish_reason: finish,
    },
  });
  const error = { code: 'server_error', message: 'Provider disconnected unexpectedly' };
  return startChat(
    '/api/v1',
    {
      models: '{"data":[{"id":"openai/gpt-4o-mini"}]}',
      begin: () => comment + comment,
      piece: (content, chat) => comment + chunk(chat, [delta(content)]),
      finish: (chat) =>
        options.failsInside === true
          ? chunk(chat, [delta('', 'error')], { error })
          : chunk(chat, [delta('', 'stop')]),
      usage: (chat) =>
        chunk(chat, [delta('')], { usage: { prompt_tokens: 21, completion_tokens: 9, total_tokens: 30 } }),
      end: DONE,
      error: (code, message) => JSON.stringify({ error: { message, code } }),
    },
    options,
  );
}

/** Thinks first: in fields of its own, as vLLM and Ollama spell them, and inside its text, as models without a parser do. */
export function startThinker(
  where: 'reasoning' | 'reasoning_content' | 'content',
  options: ChatOptions = {},
): Promise<PartServer> {
  const chunk = ({ model }: AskedChat, choices: object[]): string =>
    frame({ id: 'chatcmpl-t', object: 'chat.completion.chunk', created, model, choices });
  const delta = (value: object, finish: string | null = null): object => ({
    ...{ index: 0, delta: value, finish_reason: finish },
  });
  const thought = 'The user wants a translation. <text> is tricky.';
  const { model = capitals } = options;
  return startChat(
    '/v1',
    {
      models: '{"object":"list","data":[]}',
      begin: (chat) =>
        where === 'content' ? '' : chunk(chat, [delta({ role: 'assistant', [where]: thought })]),
      piece: (content, chat) => chunk(chat, [delta({ content })]),
      finish: (chat) => chunk(chat, [delta({}, 'stop')]),
      usage: (chat) => chunk(chat, []),
      end: DONE,
      error: (code, message) => JSON.stringify({ error: { message, code } }),
    },
    {
      ...options,
      model: (chat) => {
        const text = model(chat);
        return where === 'content' && typeof text === 'string'
          ? `<think>\n${thought}\n</think>\n\n${text}`
          : text;
      },
    },
  );
}

/** Lines end with CR LF, no `[DONE]` comes, `data:` has no blank behind it, and a line is cut anywhere. */
export function startSloppyChat(options: ChatOptions = {}): Promise<PartServer> {
  const sloppy = (value: object): string => `event: message\r\ndata:${JSON.stringify(value)}\r\n\r\n`;
  return startChat(
    '/v1',
    {
      models: 'no JSON at all',
      begin: () => ':\r\n\r\nretry: 3000\r\n\r\n',
      piece: (content) => sloppy({ choices: [{ delta: { content } }] }),
      finish: () => sloppy({ choices: [{ delta: { content: null }, finish_reason: 'stop' }] }),
      usage: () => sloppy({ choices: [], usage: { total_tokens: 3 } }),
      end: '',
      error: (code, message) => JSON.stringify({ error: { message, code } }),
    },
    options,
  );
}

/** Answers with one object, whatever `stream` says. */
export function startWholeChat(options: ChatOptions = {}): Promise<PartServer> {
  return PartServer.start('/v1', (call, res) => {
    if (call.method === 'GET') {
      sendJson(res, '{}', 404);
      return;
    }
    const content = (options.model ?? capitals)(askedChat(call));
    const message = { role: 'assistant', content };
    sendJson(res, JSON.stringify({ choices: [{ index: 0, message, finish_reason: 'stop' }] }));
  });
}

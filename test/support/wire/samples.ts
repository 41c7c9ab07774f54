/** At least one neutral event of every type, which the compiler checks; more of types that have several forms. */
import type {
  ClientEvent,
  Item,
  ContentPosition,
  ResponseView,
  ServerEvent,
  SessionSettings,
  SessionView,
} from '../../../src/wire/index.js';

const samples = Buffer.from('0000ffff00807fff', 'hex');

const settings: SessionSettings = {
  model: 'gpt-realtime-2.1',
  output: 'audio',
  instructions: 'Translate "this"\n — y eso: ñ, 日本語, 🎧.',
  voice: 'marin',
  inputFormat: 'pcm16',
  outputFormat: 'g711_ulaw',
  transcription: { model: 'gpt-transcribe', language: 'en', prompt: 'names' },
  noiseReduction: 'near_field',
  turnDetection: {
    type: 'server_vad',
    threshold: 0.5,
    prefixPaddingMs: 300,
    silenceDurationMs: 200,
    createResponse: true,
    interruptResponse: false,
  },
  tools: [],
  toolChoice: 'none',
  maxOutputTokens: 'inf',
};

const allOff: SessionSettings = {
  output: 'text',
  instructions: '',
  inputFormat: 'g711_alaw',
  transcription: null,
  noiseReduction: null,
  turnDetection: null,
  toolChoice: 'auto',
  maxOutputTokens: 1,
};

const user: Item = {
  id: 'msg_a',
  role: 'user',
  status: 'completed',
  parts: [
    { type: 'text', text: 'Good morning' },
    { type: 'audio', audio: samples, transcript: 'hi' },
  ],
};
const system: Item = { role: 'system', parts: [{ type: 'text', text: 'Translate.' }] };
const assistant: Item = {
  id: 'item_1',
  role: 'assistant',
  status: 'incomplete',
  parts: [
    { type: 'text', text: 'Buenos días' },
    { type: 'audio', transcript: 'Buenos' },
  ],
};

const eventId = 'e1';

export const CLIENT: Readonly<Record<ClientEvent['type'], readonly ClientEvent[]>> = {
  'session.configure': [
    { type: 'session.configure', eventId, session: settings },
    { type: 'session.configure', session: allOff },
    {
      type: 'session.configure',
      session: { turnDetection: { type: 'semantic_vad', eagerness: 'high', createResponse: false } },
    },
    { type: 'session.configure', session: { voice: 'cedar' } },
    { type: 'session.configure', session: {} },
  ],
  'item.create': [
    { type: 'item.create', eventId, item: user, previousItemId: 'root' },
    { type: 'item.create', item: system },
    { type: 'item.create', item: assistant },
  ],
  'item.retrieve': [{ type: 'item.retrieve', eventId, itemId: 'msg_a' }],
  'item.delete': [{ type: 'item.delete', itemId: 'msg_a' }],
  'item.truncate': [{ type: 'item.truncate', eventId, itemId: 'item_1', contentIndex: 1, audioEndMs: 1500 }],
  'buffer.append': [
    { type: 'buffer.append', eventId, audio: samples },
    { type: 'buffer.append', audio: samples.subarray(1, 3) },
    { type: 'buffer.append', audio: Buffer.alloc(0) },
  ],
  'buffer.commit': [{ type: 'buffer.commit', eventId }, { type: 'buffer.commit' }],
  'buffer.clear': [{ type: 'buffer.clear', eventId }],
  'response.create': [
    {
      type: 'response.create',
      eventId,
      response: {
        conversation: 'none',
        output: 'audio',
        voice: 'marin',
        outputFormat: 'pcm16',
        instructions: 'Translate.',
        metadata: { request_id: 'r-1', source_language: 'en' },
        input: [{ reference: 'prompt_1' }, system, user, assistant],
        tools: [],
        toolChoice: 'none',
        maxOutputTokens: 4096,
      },
    },
    { type: 'response.create', response: { output: 'text', input: [], metadata: {} } },
    { type: 'response.create', response: {} },
  ],
  'response.cancel': [
    { type: 'response.cancel', eventId, responseId: 'resp_1' },
    { type: 'response.cancel' },
  ],
};

const view: SessionView = { id: 'sess_1', expiresAt: 1756324625, ...settings };
const place: ContentPosition = { responseId: 'resp_1', itemId: 'item_1', outputIndex: 2, contentIndex: 1 };
const started: ResponseView = { id: 'resp_1', status: 'in_progress', output: [], conversationId: null };
const complete: ResponseView = {
  id: 'resp_1',
  status: 'completed',
  output: [assistant, user],
  usage: { inputTokens: 41, outputTokens: 6, totalTokens: 47, inputAudioTokens: 30, outputAudioTokens: 2 },
  metadata: { request_id: 'r-1' },
  conversationId: 'conv_1',
  outputKind: 'audio',
  voice: 'marin',
  outputFormat: 'pcm16',
  maxOutputTokens: 'inf',
};

export const SERVER: Readonly<Record<ServerEvent['type'], readonly ServerEvent[]>> = {
  'session.created': [{ type: 'session.created', session: view }],
  'session.updated': [
    { type: 'session.updated', session: { id: 'sess_1', ...allOff } },
    { type: 'session.updated', session: { id: 'sess_1' } },
  ],
  'item.added': [
    { type: 'item.added', item: user, previousItemId: null },
    { type: 'item.added', item: assistant, previousItemId: 'msg_a' },
  ],
  'item.done': [{ type: 'item.done', item: system, previousItemId: 'msg_a' }],
  'item.retrieved': [{ type: 'item.retrieved', item: user }],
  'item.deleted': [{ type: 'item.deleted', itemId: 'msg_a' }],
  'item.truncated': [{ type: 'item.truncated', itemId: 'item_1', contentIndex: 1, audioEndMs: 1500 }],
  'buffer.committed': [
    { type: 'buffer.committed', itemId: 'item_7', previousItemId: null },
    { type: 'buffer.committed', itemId: 'item_7', previousItemId: 'msg_a' },
  ],
  'buffer.cleared': [{ type: 'buffer.cleared' }],
  'speech.started': [{ type: 'speech.started', itemId: 'item_7', audioStartMs: 640 }],
  'speech.stopped': [{ type: 'speech.stopped', itemId: 'item_7', audioEndMs: 2100 }],
  'transcription.delta': [{ type: 'transcription.delta', itemId: 'item_7', contentIndex: 0, delta: 'Go' }],
  'transcription.completed': [
    { type: 'transcription.completed', itemId: 'item_7', contentIndex: 0, transcript: 'Go', seconds: 2 },
    { type: 'transcription.completed', itemId: 'item_7', contentIndex: 1, transcript: '' },
  ],
  'transcription.failed': [
    {
      type: 'transcription.failed',
      itemId: 'item_7',
      contentIndex: 0,
      code: 'unintelligible',
      message: 'No.',
    },
  ],
  'response.started': [
    { type: 'response.started', response: started },
    {
      type: 'response.started',
      response: { ...started, metadata: { request_id: 'r-1' }, outputKind: 'text' },
    },
  ],
  'response.finished': [
    { type: 'response.finished', response: complete },
    { type: 'response.finished', response: { ...started, status: 'cancelled', reason: 'turn_detected' } },
    { type: 'response.finished', response: { ...started, status: 'incomplete', reason: 'content_filter' } },
    {
      type: 'response.finished',
      response: {
        ...started,
        status: 'failed',
        error: { code: 'unsupported_language', message: 'No Basque.' },
        usage: { inputTokens: 0, outputTokens: 0, totalTokens: 0 },
      },
    },
  ],
  'output.added': [{ type: 'output.added', responseId: 'resp_1', outputIndex: 1, item: assistant }],
  'output.done': [{ type: 'output.done', responseId: 'resp_1', outputIndex: 0, item: assistant }],
  'part.added': [{ type: 'part.added', ...place, part: { type: 'text', text: '' } }],
  'part.done': [
    { type: 'part.done', ...place, part: { type: 'text', text: 'Buenos días' } },
    { type: 'part.done', ...place, part: { type: 'audio', transcript: 'Buenos días' } },
  ],
  'text.delta': [{ type: 'text.delta', ...place, delta: 'Bue' }],
  'text.done': [{ type: 'text.done', ...place, text: 'Buenos días' }],
  'transcript.delta': [{ type: 'transcript.delta', ...place, delta: '' }],
  'transcript.done': [{ type: 'transcript.done', ...place, text: 'Buenos días' }],
  'audio.delta': [{ type: 'audio.delta', ...place, audio: samples }],
  'audio.done': [{ type: 'audio.done', ...place }],
  limits: [
    { type: 'limits', limits: [{ name: 'tokens', limit: 50_000, remaining: 49_950, resetSeconds: 0.6 }] },
    { type: 'limits', limits: [] },
  ],
  fault: [
    {
      type: 'fault',
      kind: 'invalid_request_error',
      code: 'unknown_parameter',
      message: "Unknown parameter: 'session.foo'.",
      param: 'session.foo',
      causedBy: 'cfg-1',
    },
    { type: 'fault', kind: 'server_error', code: 'server_error', message: 'Oh.' },
  ],
};

export const CLIENT_EVENTS: readonly ClientEvent[] = Object.values(CLIENT).flat();
export const SERVER_EVENTS: readonly ServerEvent[] = Object.values(SERVER).flat();

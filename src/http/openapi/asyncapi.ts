/** The two WebSockets as AsyncAPI 3.0, generated from the rules and schemas that validate frames. */
import type { Config } from '../../config/config.js';
import { describeVocabularies, type Vocabulary } from '../../relay/vocabulary.js';
import { textConversationSchema, voiceConversationSchema } from '../schemas.js';
import { toJsonSchema, type OpenApiSchema } from './schemas.js';

const QUERIES = { voice: voiceConversationSchema, text: textConversationSchema };

const CHANNELS = {
  voice: {
    address: '/realtime-voice',
    title: 'A spoken conversation',
    description: 'PCM16, 24 kHz, mono, base64. Server VAD, transcription of the input, and a spoken reply.',
  },
  text: {
    address: '/text-chat',
    title: 'A written conversation',
    description: 'Text output only, without voice detection.',
  },
} as const;

/** How a conversation ends. */
const CLOSE_CODES: Readonly<Record<string, string>> = {
  1000: "The client's own close, answered.",
  1001: 'The service is shutting down; a `draining` error came before.',
  1009: 'A frame is larger than 4 MiB.',
  1011: 'The connection upstream was lost (`upstream lost`), or could not be made: the reason is the code of a problem.',
  1013: 'The points of this minute are spent.',
  others: "Upstream's own code and reason.",
};

type Side = 'client' | 'server';

export function describeConversations(config: Config, version: string) {
  const vocabularies = describeVocabularies();
  const sides: readonly Side[] = ['client', 'server'];
  const all = vocabularies.flatMap((vocabulary) => sides.map((side) => ({ vocabulary, side })));
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Conversations of the realtime translation service',
      version,
      description: INFO,
      license: { name: 'MIT', url: 'https://opensource.org/license/mit' },
      tags: [{ name: 'conversations', description: 'Spoken and written ones.' }],
    },
    defaultContentType: 'application/json',
    servers: {
      here: {
        host: '{host}',
        protocol: 'ws',
        description: 'This service; `wss` where TLS ends in front of it.',
        variables: { host: { default: `${config.server.host}:${config.server.port}` } },
        security: ['bearer', 'key', 'ticket'].map((name) => ({
          $ref: `#/components/securitySchemes/${name}`,
        })),
      },
    },
    channels: { voice: describeChannel('voice', all), text: describeChannel('text', all) },
    operations: Object.fromEntries(
      Object.keys(CHANNELS).flatMap((channel) =>
        all.map((direction) => describeOperation(channel, direction)),
      ),
    ),
    components: {
      messages: Object.fromEntries(all.flatMap(describeMessages)),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'An API key.' },
        key: { type: 'httpApiKey', in: 'header', name: 'X-API-Key', description: 'An API key.' },
        ticket: {
          type: 'httpApiKey',
          in: 'query',
          name: 'ticket',
          description: 'From `POST /api/realtime/tickets`, for browsers; once.',
        },
      },
    },
  };
}

const INFO = [
  'Both paths relay the Realtime protocol, with one session upstream for each client. The client receives `session.created` once it is configured.',
  'The vocabulary is GA; `?dialect=preview` gives the names of 2024, whatever upstream speaks. Where both speak the same dialect, ' +
    'events that are not described here pass as upstream sends them.',
  'An event that is not allowed is rejected as a whole by an `error` event with its `event_id`, and the socket stays open.',
  'Refusals before the upgrade are HTTP answers (400, 401, 403, 429, 503): see `/openapi.json`. Failures upstream are an `error` event and a close.',
  `Close codes:\n${Object.entries(CLOSE_CODES)
    .map(([code, meaning]) => `- ${code}: ${meaning}`)
    .join('\n')}`,
].join('\n\n');

function describeChannel(name: keyof typeof CHANNELS, all: readonly Direction[]): object {
  const query = toJsonSchema(QUERIES[name]);
  return {
    ...CHANNELS[name],
    messages: refer(all.flatMap(keysOf)),
    bindings: { ws: { method: 'GET', query, bindingVersion: '0.1.0' } },
  };
}

interface Direction {
  readonly vocabulary: Vocabulary;
  readonly side: Side;
}

/** Names of messages in the document: `ga.client.response.create`. */
function keysOf({ vocabulary, side }: Direction): string[] {
  return Object.keys(vocabulary[side]).map((name) => `${vocabulary.dialect}.${side}.${name}`);
}

function refer(keys: readonly string[]): Record<string, object> {
  return Object.fromEntries(keys.map((key) => [key, { $ref: `#/components/messages/${key}` }]));
}

function describeMessages({ vocabulary, side }: Direction): [string, object][] {
  return Object.entries(vocabulary[side]).map(([name, payload]: [string, OpenApiSchema]) => [
    `${vocabulary.dialect}.${side}.${name}`,
    { name, title: `${name} (${vocabulary.dialect})`, contentType: 'application/json', payload },
  ]);
}

/** From the side of the service: it receives the client's events and sends its own. */
function describeOperation(channel: string, direction: Direction): [string, object] {
  const { vocabulary, side } = direction;
  const action = side === 'client' ? 'receive' : 'send';
  return [
    `${action}.${channel}.${vocabulary.dialect}`,
    {
      action,
      channel: { $ref: `#/channels/${channel}` },
      title: `${side === 'client' ? 'Sent by the client' : 'Sent to the client'}, ${vocabulary.dialect}`,
      messages: keysOf(direction).map((key) => ({ $ref: `#/channels/${channel}/messages/${key}` })),
    },
  ];
}

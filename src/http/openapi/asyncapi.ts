/** The two WebSockets described for machines: AsyncAPI 3.0, made from the rules and schemas that frames are judged by. */
import type { Config } from '../../config/config.js';
import { describeVocabularies, type Vocabulary } from '../../relay/vocabulary.js';
import { conversationSchema } from '../schemas.js';
import { toJsonSchema, type OpenApiSchema } from './schemas.js';

const CHANNELS = {
  voice: {
    address: '/realtime-voice',
    title: 'A spoken conversation',
    description: 'PCM16, 24 kHz, mono, base64. Server VAD, transcription of the input, and a spoken reply.',
  },
  text: {
    address: '/text-chat',
    title: 'A written conversation',
    description: 'Text output only; nobody waits for the end of speech.',
  },
} as const;

/** How a conversation ends. */
export const CLOSE_CODES: Readonly<Record<string, string>> = {
  1000: "The client's own close, answered.",
  1001: 'The service is shutting down; a `draining` error said so before.',
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
    channels: Object.fromEntries(
      Object.entries(CHANNELS).map(([name, channel]) => [
        name,
        { ...channel, messages: refer(all.flatMap(keysOf)), bindings: { ws: describeUpgrade() } },
      ]),
    ),
    operations: Object.fromEntries(
      Object.keys(CHANNELS).flatMap((channel) => all.map((said) => describeOperation(channel, said))),
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
  'Both paths relay the Realtime protocol, one session upstream for each client. The client sees `session.created` once it is configured.',
  'The vocabulary is GA; `?dialect=preview` gives the names of 2024, whatever upstream speaks. Where both speak the same dialect, ' +
    'events that are not described here pass as upstream sends them.',
  'What is not let through is refused whole by an `error` event with the `event_id` of its cause, and the socket stays open.',
  'Refusals before the upgrade are HTTP answers (400, 401, 403, 429, 503): see `/openapi.json`. Failures upstream are an `error` event and a close.',
  `Close codes:\n${Object.entries(CLOSE_CODES)
    .map(([code, meaning]) => `- ${code}: ${meaning}`)
    .join('\n')}`,
].join('\n\n');

function describeUpgrade() {
  return { method: 'GET', query: toJsonSchema(conversationSchema), bindingVersion: '0.1.0' };
}

interface Said {
  readonly vocabulary: Vocabulary;
  readonly side: Side;
}

/** Names of messages in the document: `ga.client.response.create`. */
function keysOf({ vocabulary, side }: Said): string[] {
  return Object.keys(vocabulary[side]).map((name) => `${vocabulary.dialect}.${side}.${name}`);
}

function refer(keys: readonly string[]): Record<string, object> {
  return Object.fromEntries(keys.map((key) => [key, { $ref: `#/components/messages/${key}` }]));
}

function describeMessages({ vocabulary, side }: Said): [string, object][] {
  return Object.entries(vocabulary[side]).map(([name, payload]: [string, OpenApiSchema]) => [
    `${vocabulary.dialect}.${side}.${name}`,
    { name, title: `${name} (${vocabulary.dialect})`, contentType: 'application/json', payload },
  ]);
}

/** From the side of the service: what a client says is received, what it is told is sent. */
function describeOperation(channel: string, said: Said): [string, object] {
  const { vocabulary, side } = said;
  const action = side === 'client' ? 'receive' : 'send';
  return [
    `${action}.${channel}.${vocabulary.dialect}`,
    {
      action,
      channel: { $ref: `#/channels/${channel}` },
      title: `${side === 'client' ? 'Said by the client' : 'Told to the client'}, ${vocabulary.dialect}`,
      messages: keysOf(said).map((key) => ({ $ref: `#/channels/${channel}/messages/${key}` })),
    },
  ];
}

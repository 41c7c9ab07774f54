/** Every frame that the GA dialect writes is valid by the published schema of the protocol. */
import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { ga } from '../../src/wire/index.js';
import { schema } from '../support/wire/fixtures.js';
import { CLIENT_EVENTS, SERVER_EVENTS } from '../support/wire/samples.js';

const NULL = { type: 'null' };

type Node = Record<string, unknown>;

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null;
}

function at(root: unknown, ...path: string[]): Node {
  const node = path.reduce<unknown>((value, key) => (isNode(value) ? value[key] : undefined), root);
  if (!isNode(node)) throw new Error(`the schema has nothing at ${path.join('/')}`);
  return node;
}

/**
 * Closes objects that list their properties, so that a misspelt optional field is found, and replaces OpenAPI's `nullable`
 * by its JSON Schema form.
 */
function close(node: unknown): void {
  if (!isNode(node)) return;
  if (isNode(node.properties) && node.additionalProperties === undefined) node.additionalProperties = false;
  if (node.nullable === true && Array.isArray(node.oneOf)) {
    node.oneOf.push(NULL);
    delete node.nullable;
  }
  Object.values(node).forEach(close);
}

function properties(root: unknown, ...path: string[]): Node {
  return at(
    root,
    '$defs',
    ...path.flatMap((key, depth) => (depth === 0 ? [key] : ['properties', key])),
    'properties',
  );
}

/** The published schema, closed, and amended where the reference allows more. */
function amended(): Node {
  const root = schema();
  if (!isNode(root)) throw new Error('the schema is not an object');
  close(at(root, '$defs'));

  // "Can be set to null to turn off" (reference, of both).
  for (const session of ['RealtimeSessionCreateRequestGA', 'RealtimeSessionCreateResponseGA']) {
    const input = properties(root, session, 'audio', 'input');
    for (const part of ['transcription', 'noise_reduction']) input[part] = { anyOf: [input[part], NULL] };
  }
  // Its `oneOf` has string and the enum as branches, of which 'none' matches both.
  const params = properties(root, 'RealtimeResponseCreateParams');
  params.conversation = { type: 'string', enum: ['auto', 'none'] };
  // The published examples have item references as input.
  at(params, 'input').items = {
    anyOf: [
      { $ref: '#/$defs/RealtimeConversationItem' },
      {
        type: 'object',
        properties: { type: { const: 'item_reference' }, id: { type: 'string' } },
        required: ['type', 'id'],
        additionalProperties: false,
      },
    ],
  };
  // Failed responses carry a message, as errors do.
  at(properties(root, 'RealtimeResponse', 'status_details', 'error')).message = { type: 'string' };
  return root;
}

const ajv = new Ajv2020({ strict: false, validateFormats: false, discriminator: false }).addSchema(
  amended(),
  'realtime',
);

function faults(definition: string, frame: string): string {
  const validate = ajv.getSchema(`realtime#/$defs/${definition}`);
  if (validate === undefined) throw new Error(`the schema has no ${definition}`);
  return validate(JSON.parse(frame)) === true ? '' : ajv.errorsText(validate.errors);
}

/** `conversation.item.create` → `RealtimeClientEventConversationItemCreate`: a single event's schema gives the best messages. */
function definitionOf(side: 'Client' | 'Server', frame: string): string {
  const { type } = JSON.parse(frame) as { type: string };
  const words = type.replace('output_text', 'text').replace('output_audio', 'audio').split(/[._]/);
  return `Realtime${side}Event${words.map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`).join('')}`;
}

describe('the ga dialect', () => {
  it.each(CLIENT_EVENTS)("writes a client's $type as published", (event) => {
    const frame = ga.encodeClient(event);
    expect(faults(definitionOf('Client', frame), frame)).toBe('');
  });

  it.each(SERVER_EVENTS)("writes a server's $type as published", (event) => {
    const frame = ga.encodeServer(event) ?? '';
    expect(faults(definitionOf('Server', frame), frame)).toBe('');
  });

  it('is checked by a schema that finds fields that are misspelt, missing or of the other dialect', () => {
    const update = (session: object) => JSON.stringify({ type: 'session.update', session });
    const definition = 'RealtimeClientEventSessionUpdate';
    expect(faults(definition, update({ type: 'realtime' }))).toBe('');
    expect(faults(definition, update({}))).not.toBe('');
    expect(faults(definition, update({ type: 'realtime', modalities: ['text'] }))).not.toBe('');
    expect(faults(definition, update({ type: 'realtime', audio: { input: { vad: null } } }))).not.toBe('');
  });
});

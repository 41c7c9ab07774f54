/** What may be said in a conversation, in each dialect: described by the schemas and the rules that frames are judged by. */
import { z } from 'zod';
import {
  CLIENT_EVENT_NAMES,
  dialects,
  type ClientEvent,
  type Dialect,
  type DialectName,
} from '../wire/index.js';
import { ALLOWED_EVENTS, CHANGEABLE_FIELDS } from './policy.js';

export type JsonSchema = Record<string, unknown>;

export interface Vocabulary {
  readonly dialect: DialectName;
  /** By the name on the wire: what a client may say. */
  readonly client: Readonly<Record<string, JsonSchema>>;
  /** What a client is told. Unknown fields may stand beside those that are described. */
  readonly server: Readonly<Record<string, JsonSchema>>;
}

export function describeVocabularies(): Vocabulary[] {
  return Object.values(dialects).map(describeVocabulary);
}

function describeVocabulary(dialect: Dialect): Vocabulary {
  const allowed = (Object.keys(CLIENT_EVENT_NAMES) as ClientEvent['type'][]).filter((type) =>
    ALLOWED_EVENTS.has(type),
  );
  const client = allowed.map((type): [string, JsonSchema] => {
    const name = CLIENT_EVENT_NAMES[type];
    const reader = dialect.vocabulary.client.get(name);
    if (reader === undefined) throw new Error(`${dialect.name} does not read ${name}.`);
    const schema = describe(name, reader);
    return [name, type === 'session.configure' ? onlyChangeable(schema, dialect) : schema];
  });
  const server = [...dialect.vocabulary.server].map(([name, reader]): [string, JsonSchema] => {
    return [name, describe(name, reader)];
  });
  return {
    dialect: dialect.name,
    client: Object.fromEntries(client),
    server: Object.fromEntries(server),
  };
}

/** A frame as it is on the wire, before it is read. */
function describe(name: string, reader: z.ZodType): JsonSchema {
  const {
    properties,
    required = [],
    additionalProperties,
    type,
  } = z.toJSONSchema(reader, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  return {
    type,
    ...(additionalProperties !== undefined && { additionalProperties }),
    properties: { ...properties, type: { const: name } },
    required: ['type', ...required.filter((field) => field !== 'type')],
  };
}

/** The fields of a session that the rules let through, found where the dialect writes them. */
function onlyChangeable(schema: JsonSchema, dialect: Dialect): JsonSchema {
  const written: unknown = JSON.parse(
    dialect.encodeClient({ type: 'session.configure', eventId: '', session: CHANGEABLE_FIELDS }),
  );
  return prune(schema, written);
}

/** What of an object's schema `shape` has too. */
function prune(schema: JsonSchema, shape: unknown): JsonSchema {
  if (typeof shape !== 'object' || shape === null) return schema;
  const branches = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(branches)) return prune(branches[0] as JsonSchema, shape);
  const { properties = {} } = schema as { properties?: Record<string, JsonSchema> };
  const kept = Object.entries(shape).map(([name, below]): [string, JsonSchema] => [
    name,
    prune(properties[name] ?? {}, below),
  ]);
  return { ...schema, properties: Object.fromEntries(kept) };
}

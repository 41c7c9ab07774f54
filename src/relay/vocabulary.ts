/** JSON Schemas of the events of a conversation in each dialect, made from the schemas and the policy that check frames. */
import { z } from 'zod';
import { CLIENT_EVENT_NAMES, clientDialects, type Dialect, type DialectName } from '../wire/index.js';
import { ALLOWED_EVENTS, CHANGEABLE_FIELDS } from './policy.js';

export type JsonSchema = Record<string, unknown>;

export interface Vocabulary {
  readonly dialect: DialectName;
  /** Events that a client may send, by their name on the wire. */
  readonly client: Readonly<Record<string, JsonSchema>>;
  /** Events that a client receives. They may have fields that are not described. */
  readonly server: Readonly<Record<string, JsonSchema>>;
}

export function describeVocabularies(): Vocabulary[] {
  return Object.values(clientDialects).map(describeVocabulary);
}

function describeVocabulary(dialect: Dialect): Vocabulary {
  const client = [...ALLOWED_EVENTS].map((type): [string, JsonSchema] => {
    const name = CLIENT_EVENT_NAMES[type];
    const reader = dialect.vocabulary.client.get(name);
    if (reader === undefined) throw new Error(`${dialect.name} does not read ${name}.`);
    const schema = describe(name, reader);
    return [name, type === 'session.configure' ? keepChangeable(schema, dialect) : schema];
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

/** Of a frame as it is on the wire, before it is decoded. */
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

/** Keeps the fields of a session that the policy allows, found where the dialect writes them. */
function keepChangeable(schema: JsonSchema, dialect: Dialect): JsonSchema {
  const written: unknown = JSON.parse(
    dialect.encodeClient({ type: 'session.configure', eventId: '', session: CHANGEABLE_FIELDS }),
  );
  return prune(schema, written);
}

/** Keeps the properties of a schema that `shape` has too. */
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

/** The schemas of request and response bodies, by their names in the OpenAPI document. */
import { z } from 'zod';
import type { FieldNames } from '../body/fields.js';
import { ORIGINAL_NAMES, TRANSLATION_NAMES } from '../translate/input.js';
import { sessionSchema, translateSchema } from '../schemas.js';
import * as answers from './responses.js';

export type OpenApiSchema = Record<string, unknown>;

const RESPONSES: Readonly<Record<string, z.ZodType>> = {
  Translation: answers.translationResponse,
  SpokenReply: answers.audioResponse,
  TranslationEvent: answers.streamResponse,
  OriginalTranslation: answers.originalResponse,
  Session: answers.sessionResponse,
  SessionList: answers.sessionListResponse,
  Ticket: answers.ticketResponse,
  Health: answers.healthResponse,
  Live: answers.liveResponse,
  Ready: answers.readyResponse,
  Capabilities: answers.capabilitiesResponse,
  Problem: answers.problemResponse,
};

/** @param maxTextChars of the configuration. */
export function describeSchemas(maxTextChars: number): Record<string, OpenApiSchema> {
  const form = translateSchema(maxTextChars);
  const text = form.omit({ file: true });
  // The original path ignores unknown fields, these two among them.
  const originalForm = z.object(form.omit({ output: true, stream: true }).shape);
  return {
    TranslateText: withQuestion('oneOf', withNames(toJsonSchema(text), TRANSLATION_NAMES)),
    TranslateForm: withQuestion('oneOf', withNames(toJsonSchema(form), TRANSLATION_NAMES)),
    OriginalText: withQuestion(
      'anyOf',
      withNames(toJsonSchema(originalForm.omit({ file: true })), ORIGINAL_NAMES),
    ),
    OriginalForm: withQuestion('anyOf', withNames(toJsonSchema(originalForm), ORIGINAL_NAMES)),
    SessionWish: toJsonSchema(sessionSchema(true)),
    SessionWishForm: toJsonSchema(sessionSchema(false)),
    ...named(RESPONSES),
  };
}

const OPTIONS = { io: 'input', unrepresentable: 'any', override: simplify } as const;

/** The input side: as clients send it, before any transform. */
export function toJsonSchema(schema: z.ZodType): OpenApiSchema {
  return alone(z.toJSONSchema(schema, OPTIONS));
}

/** Without what only a schema outside a document needs: its id and the version of JSON Schema. */
function alone(schema: object): OpenApiSchema {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== '$schema' && key !== '$id'));
}

/** Schemas that contain each other become references. */
function named(schemas: Readonly<Record<string, z.ZodType>>): Record<string, OpenApiSchema> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  const all = z.toJSONSchema(registry, { ...OPTIONS, uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(Object.entries(all.schemas).map(([id, schema]) => [id, alone(schema)]));
}

/** Leaves out the bounds of safe integers and zod's regular expression for dates, which do not help a reader. */
function simplify({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
}

/** Adds the aliases of fields. */
function withNames(schema: OpenApiSchema, names: FieldNames): OpenApiSchema {
  const properties = schema.properties as Record<string, OpenApiSchema>;
  const others = [...names].filter(([name, field]) => name !== field && properties[field] !== undefined);
  return {
    ...schema,
    properties: {
      ...properties,
      ...Object.fromEntries(
        others.map(([name, field]) => [
          name,
          { ...properties[field], description: `Another name of \`${field}\`.` },
        ]),
      ),
    },
  };
}

/** Requires a recording or a text, by any of their names: exactly one of them, or at least one. */
function withQuestion(rule: 'oneOf' | 'anyOf', schema: OpenApiSchema): OpenApiSchema {
  const names = [...TRANSLATION_NAMES].filter(([, field]) => field === 'file' || field === 'text');
  const here = names.filter(([name]) => name in (schema.properties as object));
  return { ...schema, [rule]: here.map(([name]) => ({ required: [name] })) };
}

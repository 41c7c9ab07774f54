/** The schemas of request and response bodies, by their names in the OpenAPI document. */
import { z } from 'zod';
import { fieldNames } from '../body/fields.js';
import {
  correctionBodySchema,
  jobSchema,
  originalSchema,
  sessionSchema,
  translateSchema,
} from '../schemas.js';
import * as answers from './responses.js';

export type OpenApiSchema = Record<string, unknown>;

const RESPONSES: Readonly<Record<string, z.ZodType>> = {
  Translation: answers.translationResponse,
  SpokenReply: answers.audioResponse,
  TranslationEvent: answers.streamResponse,
  OriginalTranslation: answers.originalResponse,
  Session: answers.sessionResponse,
  SessionList: answers.sessionListResponse,
  Job: answers.jobResponse,
  JobList: answers.jobListResponse,
  JobSegment: answers.jobSegmentResponse,
  JobResult: answers.jobResultResponse,
  Waveform: answers.waveformResponse,
  JobEvent: answers.jobStreamResponse,
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
  const original = originalSchema(maxTextChars);
  return {
    TranslateText: withQuestion('oneOf', form.omit({ file: true })),
    TranslateForm: withQuestion('oneOf', form),
    OriginalText: withQuestion('anyOf', original.omit({ file: true })),
    OriginalForm: withQuestion('anyOf', original),
    SessionInput: toJsonSchema(sessionSchema(true)),
    JobForm: withAliases(jobSchema),
    Correction: toJsonSchema(correctionBodySchema),
    SessionInputForm: toJsonSchema(sessionSchema(false)),
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
  delete jsonSchema.aliases; // ours: see fieldNames
}

/** A body by every name that its fields may have; a recording or a text is required: exactly one of them, or any. */
function withQuestion(rule: 'oneOf' | 'anyOf', form: z.ZodObject): OpenApiSchema {
  return {
    ...withAliases(form),
    [rule]: [...fieldNames(form)]
      .filter(([, field]) => field === 'file' || field === 'text')
      .map(([name]) => ({ required: [name] })),
  };
}

/** A body by every name that its fields may have. */
function withAliases(form: z.ZodObject): OpenApiSchema {
  const schema = toJsonSchema(form);
  const properties = schema.properties as Record<string, OpenApiSchema>;
  const aliases = [...fieldNames(form)].filter(([name, field]) => name !== field);
  return {
    ...schema,
    properties: {
      ...properties,
      ...Object.fromEntries(
        aliases.map(([name, field]) => [
          name,
          { ...properties[field], description: `Another name of \`${field}\`.` },
        ]),
      ),
    },
  };
}

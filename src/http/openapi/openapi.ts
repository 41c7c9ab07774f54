/** The OpenAPI 3.1 document, generated from the routes, the schemas that validate, and the running configuration. */
import type { Config } from '../../config/config.js';
import { describeLimits, megabytes } from '../limits.js';
import { PROBLEM_TYPE } from '../problem.js';
import type { Access, Route } from '../pipeline.js';
import { TAGS } from './operations.js';
import type { Content, Operation, OperationResponse } from './operations/operation.js';
import { describeProblems, type ProblemCode } from './problems.js';
import { describeSchemas, toJsonSchema, type OpenApiSchema } from './schemas.js';

interface Header {
  readonly description: string;
  readonly schema: OpenApiSchema;
  /** Never missing where it is named. */
  readonly required?: true;
}

/** Every path answers these: the request could not be understood. */
const BEFORE_ANY_OPERATION = {
  400: ['invalid-request'],
  408: ['request-timeout'],
  431: ['invalid-request'],
} as const;

const TRUNCATED: Header = {
  description: 'The text was longer than that.',
  schema: { type: 'string', const: 'true' },
};

const HEADERS: Readonly<Record<string, Header>> = {
  'X-Request-Id': always('Your own id if it is well-formed, else a new one; every log line has it.'),
  RateLimit: text(
    'What is left of the points, and the seconds until all are there again: `"points";r=599;t=60`.',
  ),
  'RateLimit-Policy': text('How many points a minute has: `"points";q=600;w=60`.'),
  'Retry-After': {
    description: 'Seconds to wait before it is worth trying again.',
    schema: { type: 'integer', minimum: 1 },
  },
  'Server-Timing': text('`upload`, `normalize`, `queue`, `first` and `upstream`, in milliseconds.'),
  'X-Connect-Id': text('The session, with what is no JSON.'),
  'X-Translation-Text': text(
    'The text beside a WAV: UTF-8, percent-encoded, at most 8 192 characters of it.',
  ),
  'X-Translation-Text-Truncated': TRUNCATED,
  'X-Translation-Transcript': text(
    'The words of the recording beside a WAV, with `transcript=true`: UTF-8, percent-encoded, at most 4 096 characters of it.',
  ),
  'X-Translation-Transcript-Truncated': TRUNCATED,
  'X-Translation-Warnings': text('The codes of the warnings, with what is no JSON.'),
  'X-Detected-Source': text('The detected language, with what is no JSON: `fr; confidence=0.93`.'),
  Location: always('Where it is.'),
  'Preference-Applied': always('`respond-async`.'),
  ETag: always('Changes with the content.'),
  'Accept-Ranges': always('`bytes`.'),
  'Content-Range': always('Which bytes they are, and how many there are.'),
  'WWW-Authenticate': text('The scheme that is wanted.'),
};

function text(description: string): Header {
  return { description, schema: { type: 'string' } };
}

function always(description: string): Header {
  return { ...text(description), required: true };
}

export type OpenApi = ReturnType<typeof describeService>;

/** @param version of the package. */
export function describeService(config: Config, version: string, routes: readonly Route[]) {
  const { keyDigests, metricsToken } = config.access;
  const credentials = { isOpen: keyDigests.length === 0, hasMetricsToken: metricsToken !== undefined };
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { method, path, access, operation } of routes) {
    if (operation === undefined) continue;
    const item = (paths[path] ??= { parameters: pathParameters(path) });
    item[method.toLowerCase()] = describeOperation(operation, access, credentials);
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Realtime translation service',
      version,
      summary: 'Text and recordings in, text and speech out.',
      description: describeInfo(config),
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'This service' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: describeSchemas(config.translation.maxTextChars),
      headers: HEADERS,
      parameters: {
        RequestId: {
          name: 'X-Request-Id',
          in: 'header',
          description:
            'Your name for this request: letters, digits, `.`, `_` and `-`. Any other is replaced.',
          schema: { type: 'string', minLength: 1, maxLength: 128 },
        },
        ConnectId: {
          name: 'connectId',
          in: 'path',
          required: true,
          description: 'The id of the session.',
          schema: { type: 'string' },
        },
        JobId: {
          name: 'jobId',
          in: 'path',
          required: true,
          description: 'The id of the job.',
          schema: { type: 'string' },
        },
        Index: {
          name: 'index',
          in: 'path',
          required: true,
          description: 'Of the segment, from 0.',
          schema: { type: 'integer', minimum: 0 },
        },
      },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'An API key.' },
        key: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'An API key.' },
        metrics: { type: 'http', scheme: 'bearer', description: 'The token of METRICS_TOKEN.' },
        ticket: {
          type: 'apiKey',
          in: 'query',
          name: 'ticket',
          description: 'From `POST /api/realtime/tickets`.',
        },
        soundTicket: {
          type: 'apiKey',
          in: 'query',
          name: 'ticket',
          description: 'In `sound` of the waveform: for the sound of that job, for 12 hours.',
        },
      },
    },
  };
}

/** Which credentials this configuration requires. */
interface RequiredCredentials {
  readonly isOpen: boolean;
  readonly hasMetricsToken: boolean;
}

function describeInfo(config: Config): string {
  const limits = describeLimits(config);
  return [
    `Texts of at most ${limits.maxTextChars} characters, recordings of at most ${limits.maxRecordingSeconds} s and ` +
      `${megabytes(config.audio.maxUploadBytes)}, other bodies of at most ${megabytes(limits.maxBodyBytes ?? 0)}.`,
    'Every failure is `application/problem+json` with a `code` that does not change. Paths match without regard to case.',
    'A path that does not exist is 404 `not-found`; a method that a path does not have is 405 ' +
      '`method-not-allowed` with `Allow`. HEAD is answered as GET is, without a body, OPTIONS by 204 and `Allow`.',
    'WebSockets are described in [asyncapi.json](/asyncapi.json).',
  ].join('\n\n');
}

function describeOperation(operation: Operation, access: Access, credentials: RequiredCredentials) {
  const { id, tag, summary, description, body } = operation;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    security: securityOf(access, credentials),
    parameters: [{ $ref: '#/components/parameters/RequestId' }, ...queryParameters(operation)],
    ...(body && {
      requestBody: { required: body.required, content: describeContents(body.content) },
    }),
    responses: describeResponses(operation, access),
  };
}

function securityOf(
  access: Access,
  { isOpen, hasMetricsToken }: RequiredCredentials,
): Record<string, never[]>[] {
  if (access === 'open') return [];
  if (access === 'metrics') return [...(hasMetricsToken ? [] : [{}]), { metrics: [] }];
  const keys = [{ bearer: [] }, { key: [] }];
  const tickets = { conversation: [{ ticket: [] }], sound: [{ soundTicket: [] }], key: [] }[access];
  return [...(isOpen ? [{}] : []), ...keys, ...tickets];
}

function pathParameters(path: string): object[] {
  return [...path.matchAll(/\{(\w)(\w*)\}/g)].map(([, first = '', rest = '']) => ({
    $ref: `#/components/parameters/${first.toUpperCase()}${rest}`,
  }));
}

function queryParameters({ query }: Operation): object[] {
  if (query === undefined) return [];
  const properties = toJsonSchema(query.schema).properties as Record<string, OpenApiSchema>;
  const names = [...(query.names ?? new Map(Object.keys(properties).map((name) => [name, name])))];
  return names
    .filter(([name]) => name !== 'ticket')
    .map(([name, field]) => {
      const { description, ...schema } = properties[field] ?? {};
      return {
        name,
        in: 'query',
        description: name === field ? description : `Another name of \`${field}\`.`,
        schema,
      };
    });
}

/** Those of the operation, and those of the middleware that guards it. */
function allProblems({ problems }: Operation, access: Access): ProblemCode[] {
  const ofAccess: Record<Access, readonly ProblemCode[]> = {
    key: ['unauthorized', 'rate-limited', 'draining'],
    conversation: ['unauthorized', 'rate-limited', 'draining'],
    sound: ['unauthorized', 'rate-limited', 'draining'],
    metrics: ['unauthorized'],
    open: [],
  };
  return [...problems, ...ofAccess[access]];
}

function describeResponses(operation: Operation, access: Access): Record<string, object> {
  const common = [
    'X-Request-Id',
    ...(['key', 'conversation', 'sound'].includes(access) ? ['RateLimit', 'RateLimit-Policy'] : []),
  ];
  const answers = Object.entries(operation.answers).map(([status, answer]) => [
    status,
    describeAnswer(answer, common),
  ]);
  const problems = describeProblems(allProblems(operation, access)).map(({ status, headers, ...problem }) => [
    String(status),
    { ...problem, headers: describeHeaders([...common, ...headers]) },
  ]);
  return {
    ...(Object.fromEntries([...answers, ...problems]) as Record<string, object>),
    '4XX': {
      description: 'The request could not be read: 400 or 431 `invalid-request`, 408 `request-timeout`.',
      headers: describeHeaders(['X-Request-Id']),
      content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
      'x-problems': BEFORE_ANY_OPERATION,
    },
  };
}

function describeAnswer(
  { description, content, headers = [] }: OperationResponse,
  common: readonly string[],
): object {
  return {
    description,
    headers: describeHeaders([...common, ...headers]),
    ...(content && { content: describeContents(content) }),
  };
}

function describeHeaders(names: readonly string[]): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

function describeContents(contents: Readonly<Record<string, Content>>): Record<string, object> {
  return Object.fromEntries(
    Object.entries(contents).map(([type, { schema, example }]) => [
      type,
      {
        schema:
          schema === undefined
            ? { type: type.endsWith('json') ? 'object' : 'string' }
            : { $ref: `#/components/schemas/${schema}` },
        ...(example !== undefined && { example }),
      },
    ]),
  );
}

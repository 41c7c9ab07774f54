/** The OpenAPI document of a running service: lists the possible answers and checks an answer against its description. */
import { Ajv2020 } from 'ajv/dist/2020.js';

interface Described {
  readonly headers?: Record<string, { $ref: string }>;
  readonly content?: Record<string, { schema: object }>;
  readonly 'x-problems'?: Record<string, string[]>;
}

interface OpenApi {
  readonly paths: Record<string, Record<string, { responses: Record<string, Described> }>>;
  readonly components: { headers: Record<string, { required?: boolean }> };
}

export interface Seen {
  readonly method: string;
  /** As the document names it. */
  readonly path: string;
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

const METHODS = ['get', 'post', 'patch', 'delete'];
/** Headers that must be described wherever they are sent. */
const OURS =
  /^(x-(request-id|connect-id|translation-.*)|ratelimit.*|retry-after|location|preference-applied|server-timing|www-authenticate|etag)$/;

export class Document {
  readonly paths: OpenApi['paths'];
  readonly #components: OpenApi['components'];
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false });

  private constructor({ paths, components }: OpenApi) {
    this.paths = paths;
    this.#components = components;
  }

  static async of(url: string): Promise<Document> {
    return new Document((await (await fetch(`${url}/openapi.json`)).json()) as OpenApi);
  }

  /** Every answer that is possible: `post /path 404 session-not-found`. */
  triples(): string[] {
    return Object.entries(this.paths).flatMap(([path, item]) =>
      METHODS.filter((method) => item[method]).flatMap((method) =>
        Object.entries(item[method]?.responses ?? {}).flatMap(([status, described]) =>
          codesOf(described, status).map(([at, code]) => `${method} ${path} ${at} ${code}`),
        ),
      ),
    );
  }

  /** The differences between an answer and its description. */
  faults(seen: Seen): string[] {
    const { method, path, status, headers, body } = seen;
    const responses = this.paths[path]?.[method]?.responses ?? {};
    const exact = responses[status];
    const range = responses['4XX'];
    const described = exact ?? (range?.['x-problems']?.[status] ? range : undefined);
    if (described === undefined) return [`${status} is not described: ${body.slice(0, 200)}`];
    const named = Object.keys(described.headers ?? {});
    return [
      ...[...headers.keys()]
        .filter((name) => OURS.test(name) && !named.some((each) => each.toLowerCase() === name))
        .map((name) => `the header ${name} is not described`),
      ...named
        .filter((name) => this.#components.headers[name]?.required && !headers.has(name))
        .map((name) => `the header ${name} is missing`),
      ...this.#faultsOfBody(described, headers, body),
    ];
  }

  #faultsOfBody(described: Described, headers: Headers, body: string): string[] {
    if (described.content === undefined) return body === '' ? [] : ['a body is not described'];
    const type = headers.get('content-type')?.split(';')[0] ?? '';
    const schema = described.content[type]?.schema;
    if (schema === undefined) return [`${type} is not described`];
    const values = type.endsWith('json')
      ? [JSON.parse(body) as unknown]
      : type === 'text/event-stream'
        ? eventsIn(body)
        : [body];
    const validate = this.#ajv.compile({ ...schema, components: this.#components });
    return values.flatMap((value) => (validate(value) ? [] : [this.#ajv.errorsText(validate.errors)]));
  }
}

function codesOf(described: Described, status: string): [string, string][] {
  if (described['x-problems'])
    return Object.entries(described['x-problems']).flatMap(([at, codes]) =>
      codes.map((code): [string, string] => [at, code]),
    );
  const problem = described.content?.['application/problem+json']?.schema as
    { allOf: [object, { properties: { code: { enum: string[] } } }] } | undefined;
  return problem === undefined
    ? [[status, '-']]
    : problem.allOf[1].properties.code.enum.map((code) => [status, code]);
}

/** Of a stream: each event with its data. */
function eventsIn(stream: string): unknown[] {
  return stream
    .split('\n\n')
    .filter((block) => /^(id|event): /.test(block))
    .map((block) => {
      const [, event, data = ''] = /^(?:id: .*\n)?event: (.*)\ndata: (.*)$/.exec(block) ?? [];
      return { event, data: JSON.parse(data) as unknown };
    });
}

/** Sends requests to the service: address, key, opt-in retries, and errors as TranslationError. */
import { delay } from './delay.js';
import { failedResponseError, retryAfterSeconds, unreachable } from './errors.js';

export interface ClientOptions {
  /** Where the service is: `https://translate.example.org`, or below a path of that. */
  readonly url: string | URL;
  /** An API key, where the service asks for one. */
  readonly key?: string | undefined;
  /** Used in place of the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /**
   * How often to retry a request that was refused with 429 or 503 and a `Retry-After`, after that time; 0 by default. The service
   * had not begun such a request, so nothing is done twice.
   */
  readonly maxRetries?: number | undefined;
}

export interface ServiceRequest {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Without a leading slash: `api/realtime/jobs`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Anything but a form is sent as JSON. */
  readonly body?: FormData | object | undefined;
  readonly signal?: AbortSignal | undefined;
}

export class ServiceHttp {
  readonly #base: URL;
  readonly #key: string | undefined;
  readonly #fetch: typeof globalThis.fetch;
  readonly #maxRetries: number;

  constructor({ url, key, fetch, maxRetries = 0 }: ClientOptions) {
    this.#base = new URL(url);
    if (!this.#base.pathname.endsWith('/')) this.#base.pathname += '/';
    this.#key = key === '' ? undefined : key;
    // Browsers refuse a fetch that is called as a method of another object.
    this.#fetch = fetch ?? ((input, init) => globalThis.fetch(input, init));
    this.#maxRetries = maxRetries;
  }

  /** @returns a successful response. @throws TranslationError, or the reason of the signal. */
  async send(request: ServiceRequest): Promise<Response> {
    const { signal } = request;
    for (let retries = 0; ; retries += 1) {
      const response = await this.#sendOnce(request);
      if (response.ok) return response;
      const waitSeconds = retryAfterSeconds(response);
      const isRefused = response.status === 429 || response.status === 503;
      if (!isRefused || waitSeconds === undefined || retries >= this.#maxRetries)
        throw await failedResponseError(response);
      await response.body?.cancel();
      await delay(waitSeconds * 1_000, signal);
    }
  }

  /** @returns the JSON of the response, whose type is that of the OpenAPI document. @throws as `send` does. */
  async json<Answer>(request: ServiceRequest): Promise<Answer> {
    return (await (await this.send(request)).json()) as Answer;
  }

  async #sendOnce({
    method = 'GET',
    path,
    query = {},
    headers,
    body,
    signal,
  }: ServiceRequest): Promise<Response> {
    const url = new URL(path, this.#base);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value));
    const isJson = body !== undefined && !(body instanceof FormData);
    try {
      return await this.#fetch(url.href, {
        method,
        headers: {
          ...(this.#key !== undefined && { Authorization: `Bearer ${this.#key}` }),
          ...(isJson && { 'Content-Type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: isJson ? JSON.stringify(body) : body }),
        // Node's fetch would keep the body in memory for a redirect: a whole film.
        ...(body instanceof FormData && { redirect: 'error', window: null }),
        ...(signal && { signal }),
      });
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      throw unreachable(url.origin, error);
    }
  }
}

/** @returns the parsed JSON, or the text of any other content type. */
export async function jsonOrText<Json>(response: Response): Promise<Json | string> {
  const isJson = /^application\/json\b/i.test(response.headers.get('Content-Type') ?? '');
  return isJson ? ((await response.json()) as Json) : await response.text();
}

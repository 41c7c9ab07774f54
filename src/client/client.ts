/** A client of the service for browsers and Node: fetch and Web Streams, nothing else. */
import { connectionLost, problemError } from './errors.js';
import { requestBody } from './form.js';
import { jsonOrText, ServiceHttp, type ClientOptions } from './http.js';
import { JobsClient } from './jobs.js';
import { SessionsClient } from './sessions.js';
import { readEventStream } from './sse.js';
import type {
  AnswerFormat,
  Cancellable,
  ProblemDetails,
  ServiceCapabilities,
  StreamInput,
  Translation,
  TranslationAnswers,
  TranslationInput,
  TranslationStreamEvent,
} from './types.js';

const PATH = 'api/realtime/translate';

export class TranslationClient {
  readonly sessions: SessionsClient;
  readonly jobs: JobsClient;
  readonly #http: ServiceHttp;

  constructor(options: ClientOptions) {
    this.#http = new ServiceHttp(options);
    this.sessions = new SessionsClient(this.#http);
    this.jobs = new JobsClient(this.#http);
  }

  /**
   * Translates a text or a recording. `format` decides the type of the result: a string for `text`, `srt` and `vtt`.
   *
   * A long recording takes minutes, and nothing arrives before it is done. `fetch` and proxies may time out by then (Node after
   * 300 s): use a stream or a job.
   *
   * @throws TranslationError, or the reason of `signal`.
   */
  async translate<const Format extends AnswerFormat = 'json'>({
    signal,
    ...input
  }: TranslationInput<Format>): Promise<TranslationAnswers[Format]> {
    const body = requestBody(input);
    // The tests compare the type of each format with what the service sends.
    const response = await this.#http.send({
      method: 'POST',
      path: PATH,
      body,
      signal,
      headers: { Accept: 'application/json' },
    });
    return (await jsonOrText<Translation>(response)) as TranslationAnswers[Format];
  }

  /**
   * Yields the events of a translation as they arrive, from `translation.started` to `translation.done`. The request is sent when
   * the iteration begins. Leaving the loop cancels the translation, and so does the signal.
   *
   * @throws TranslationError, also for an `error` event, or the reason of `signal`.
   */
  async *stream({ signal, ...input }: StreamInput): AsyncGenerator<TranslationStreamEvent, void, void> {
    const body = requestBody({ ...input, stream: true });
    const headers = { Accept: 'text/event-stream' };
    const response = await this.#http.send({ method: 'POST', path: PATH, headers, body, signal });
    for await (const { name, data } of readEventStream(response, connectionLost, signal)) {
      if (name === 'error') throw problemError(JSON.parse(data) as ProblemDetails);
      const event = { type: name, ...(JSON.parse(data) as object) } as TranslationStreamEvent;
      yield event;
      if (event.type === 'translation.done') return;
    }
    throw connectionLost();
  }

  /** Languages, voices, formats and limits of the service. @throws TranslationError, or the reason of `signal`. */
  capabilities({ signal }: Cancellable = {}): Promise<ServiceCapabilities> {
    return this.#http.json({ path: 'api/capabilities', signal });
  }
}

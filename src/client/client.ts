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
   * Translates a text or a recording. `format` decides the type of the answer: a string for `text`, `srt` and `vtt`.
   *
   * Where an hour of sound takes minutes, mind the timeouts of fetch and of proxies (300 s without an answer in Node): a
   * stream or a job has none.
   *
   * @throws TranslationError, or the reason of `signal`
   */
  async translate<const Format extends AnswerFormat = 'json'>({
    signal,
    ...input
  }: TranslationInput<Format>): Promise<TranslationAnswers[Format]> {
    const body = requestBody(input);
    // Every format is that of its type, which the tests hold against the service.
    const response = await this.#http.send({
      ...{ method: 'POST', path: PATH, body, signal },
      headers: { Accept: 'application/json' },
    });
    return (await jsonOrText<Translation>(response)) as TranslationAnswers[Format];
  }

  /**
   * Yields a translation as it comes, from `translation.started` to `translation.done`. The request is sent when the first
   * event is asked for; leaving the loop, or the signal, cancels the translation.
   *
   * @throws TranslationError, also for an `error` event, or the reason of `signal`
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

  /** Languages, voices, formats and limits of the service. */
  capabilities({ signal }: Cancellable = {}): Promise<ServiceCapabilities> {
    return this.#http.json({ path: 'api/capabilities', signal });
  }
}

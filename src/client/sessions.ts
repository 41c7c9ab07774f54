/** Sessions: a prompt, languages and a voice under an id, which later translations send as `connectId`. */
import type { ServiceHttp } from './http.js';
import { allPages, type PageQuery } from './pages.js';
import type { Cancellable, SessionInput, SessionList, TranslationSession } from './types.js';

const PATH = 'api/realtime/sessions';

export class SessionsClient {
  readonly #http: ServiceHttp;

  constructor(http: ServiceHttp) {
    this.#http = http;
  }

  create(input: SessionInput = {}, { signal }: Cancellable = {}): Promise<TranslationSession> {
    return this.#http.json({ method: 'POST', path: PATH, body: input, signal });
  }

  get(connectId: string, { signal }: Cancellable = {}): Promise<TranslationSession> {
    return this.#http.json({ path: pathOf(connectId), signal });
  }

  /** One page, the newest first. */
  list({ signal, ...query }: PageQuery = {}): Promise<SessionList> {
    return this.#http.json({ path: PATH, query: { ...query }, signal });
  }

  /** Every session of this key, the newest first. */
  all({ limit, signal }: Omit<PageQuery, 'cursor'> = {}): AsyncGenerator<TranslationSession, void, void> {
    return allPages(async (cursor) => {
      const { sessions, nextCursor } = await this.list({ limit, cursor, signal });
      return { items: sessions, nextCursor };
    });
  }

  /** Ends a session and cancels the translations that run in it. */
  async delete(connectId: string, { signal }: Cancellable = {}): Promise<void> {
    await this.#http.send({ method: 'DELETE', path: pathOf(connectId), signal });
  }
}

function pathOf(connectId: string): string {
  return `${PATH}/${encodeURIComponent(connectId)}`;
}

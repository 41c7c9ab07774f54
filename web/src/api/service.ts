/** Client of the HTTP API, except for translations. Each request carries the key, and asks for one after a 401. */
import { parseCapabilities, type Capabilities } from './capabilities.js';
import type { ApiKeyStore } from './api-key-store.js';
import { parseObject } from './json.js';
import type { components } from './openapi.js';
import { parseNotReady } from './readiness.js';
import { networkError, parseProblem, AppError, type IsErrorCode } from './errors.js';

export class Service {
  readonly apiKeys: ApiKeyStore;
  readonly isErrorCode: IsErrorCode;

  constructor(apiKeys: ApiKeyStore, isErrorCode: IsErrorCode) {
    this.apiKeys = apiKeys;
    this.isErrorCode = isErrorCode;
  }

  async capabilities(): Promise<Capabilities> {
    return parseCapabilities(await this.#request<'Capabilities'>('GET', '/api/capabilities'));
  }

  /** A ticket opens one WebSocket within 30 seconds. */
  async ticket(): Promise<string> {
    const { ticket } = await this.#request<'Ticket'>('POST', '/api/realtime/tickets');
    if (ticket === undefined)
      throw new AppError('unknown', { cause: 'The service did not return a ticket.' });
    return ticket;
  }

  /** Ends a session. One that has already ended is not an error. */
  async endSession(connectId: string): Promise<void> {
    try {
      await this.#request('DELETE', `/api/realtime/sessions/${encodeURIComponent(connectId)}`);
    } catch (thrown) {
      if (!(thrown instanceof AppError && thrown.code === 'session-not-found')) throw thrown;
    }
  }

  /** Asks /readyz why a WebSocket was refused, because browsers do not expose the response to the upgrade. */
  async diagnoseRefusal(): Promise<AppError> {
    try {
      const response = await fetch('/readyz', { cache: 'no-store' });
      if (response.ok) return new AppError('conversation-refused');
      return parseNotReady(await response.text());
    } catch {
      return networkError();
    }
  }

  /**
   * Sends a request with the key, and asks for another key after a 401.
   * @returns the response, whose status is of 2xx. @throws AppError, or the reason of the signal when it is aborted.
   */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    for (;;) {
      const { key } = this.apiKeys;
      const headers = new Headers(init.headers);
      if (key !== undefined) headers.set('Authorization', `Bearer ${key}`);
      const response = await fetch(path, { ...init, cache: 'no-store', headers }).catch((thrown: unknown) => {
        throw init.signal?.aborted === true ? thrown : networkError();
      });
      if (response.ok) return response;
      if (response.status === 401 && (await this.apiKeys.renew(key))) continue;
      const retryAfter = response.headers.get('Retry-After');
      throw parseProblem(response.status, await response.text(), retryAfter, this.isErrorCode);
    }
  }

  /** @returns the body as the named schema of /openapi.json; what another server answers may lack every field. */
  async #request<Name extends keyof components['schemas']>(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
  ): Promise<Partial<components['schemas'][Name]>> {
    const response = await this.fetch(path, { method });
    return parseObject(await response.text()) as Partial<components['schemas'][Name]>;
  }
}

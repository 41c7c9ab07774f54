/** The service's HTTP side but for translating: every call carries the key, and asks for one when refused. */
import { readCapabilities, type Capabilities } from './capabilities.js';
import type { KeyRing } from './key-ring.js';
import { parseObject, textOf } from './json.js';
import { readNotReady } from './readiness.js';
import { noAnswer, readProblem, Trouble, type KnowsCode } from './trouble.js';

export class Service {
  readonly keys: KeyRing;
  readonly knowsCode: KnowsCode;

  constructor(keys: KeyRing, knowsCode: KnowsCode) {
    this.keys = keys;
    this.knowsCode = knowsCode;
  }

  async capabilities(): Promise<Capabilities> {
    return readCapabilities(await this.#call('GET', '/api/capabilities'));
  }

  /** A ticket opens one WebSocket within 30 seconds. */
  async ticket(): Promise<string> {
    const { ticket } = await this.#call('POST', '/api/realtime/tickets');
    const text = textOf(ticket);
    if (text === undefined) throw new Trouble('unknown', { detail: 'The service gave no ticket.' });
    return text;
  }

  /** Ends a session; that it was gone already is as good. */
  async endSession(connectId: string): Promise<void> {
    try {
      await this.#call('DELETE', `/api/realtime/sessions/${encodeURIComponent(connectId)}`);
    } catch (thrown) {
      if (!(thrown instanceof Trouble && thrown.code === 'session-not-found')) throw thrown;
    }
  }

  /** Why a WebSocket was refused, which browsers do not tell: asked of the service itself. */
  async whyRefused(): Promise<Trouble> {
    try {
      const response = await fetch('/readyz', { cache: 'no-store' });
      if (response.ok) return new Trouble('conversation-refused');
      return readNotReady(await response.text());
    } catch {
      return noAnswer();
    }
  }

  async #call(method: 'GET' | 'POST' | 'DELETE', path: string): Promise<Record<string, unknown>> {
    for (;;) {
      const { key } = this.keys;
      const response = await fetch(path, {
        method,
        cache: 'no-store',
        headers: key === undefined ? {} : { Authorization: `Bearer ${key}` },
      }).catch(() => {
        throw noAnswer();
      });
      const body = await response.text();
      if (response.ok) return parseObject(body);
      if (response.status === 401 && (await this.keys.renew(key))) continue;
      throw readProblem(response.status, body, response.headers.get('Retry-After'), this.knowsCode);
    }
  }
}

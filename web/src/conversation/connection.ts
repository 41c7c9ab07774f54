/** One WebSocket to the relay: ticket, opening, readiness, and the reason when it is lost. */
import { shallowRef, type ShallowRef } from 'vue';
import type { Service } from '../api/service.js';
import { asTrouble, noAnswer, Trouble, type TroubleCode } from '../api/trouble.js';
import { readEvent, type ClientEvent, type ServerEvent } from './events.js';

export type ConnectionState =
  | { readonly at: 'closed' }
  | { readonly at: 'connecting' }
  | { readonly at: 'ready'; readonly sinceMs: number }
  | { readonly at: 'lost'; readonly trouble: Trouble };

const READY_TIMEOUT_MS = 20_000;

export class Connection {
  readonly state: ShallowRef<ConnectionState> = shallowRef({ at: 'closed' });
  readonly #service: Service;
  readonly #path: string;
  readonly #onEvent: (event: ServerEvent) => void;
  #socket: WebSocket | undefined;
  /** Counts openings; what an earlier one still has to say is not heard. */
  #attempt = 0;

  constructor(
    service: Service,
    path: '/realtime-voice' | '/text-chat',
    onEvent: (event: ServerEvent) => void,
  ) {
    this.#service = service;
    this.#path = path;
    this.#onEvent = onEvent;
    // A browser notices a dead network at once, its sockets only after minutes.
    addEventListener('offline', () => {
      if (this.#socket !== undefined) this.#lose(new Trouble('offline'));
    });
  }

  /** Resolves when the session is ready, or lost, or closed meanwhile: `state` tells which. */
  async open(query: Readonly<Record<string, string>>): Promise<void> {
    this.close();
    const attempt = this.#attempt;
    this.state.value = { at: 'connecting' };
    try {
      const ticket = await this.#service.ticket();
      if (attempt === this.#attempt)
        await this.#connect(attempt, new URLSearchParams({ ...filled(query), ticket }));
    } catch (thrown) {
      if (attempt === this.#attempt) this.#lose(asTrouble(thrown));
    }
  }

  send(event: ClientEvent): void {
    if (this.state.value.at === 'ready') this.#socket?.send(JSON.stringify(event));
  }

  /** Bytes that wait to leave. */
  get backlogBytes(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  close(): void {
    this.#attempt += 1;
    this.#socket?.close(1000);
    this.#socket = undefined;
    this.state.value = { at: 'closed' };
  }

  #lose(trouble: Trouble): void {
    this.close();
    this.state.value = { at: 'lost', trouble };
  }

  #connect(attempt: number, query: URLSearchParams): Promise<void> {
    const address = new URL(`${this.#path}?${query.toString()}`, location.href);
    address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(address);
    this.#socket = socket;
    let opened = false;
    let lastError: Trouble | undefined;

    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        reject(new Trouble('upstream-timeout'));
      }, READY_TIMEOUT_MS);
      socket.onopen = () => {
        opened = true;
      };
      socket.onmessage = ({ data }: MessageEvent<unknown>) => {
        const event = attempt === this.#attempt && typeof data === 'string' ? readEvent(data) : undefined;
        if (event === undefined) return;
        if (event.type === 'ready') {
          clearTimeout(late);
          this.state.value = { at: 'ready', sinceMs: Date.now() };
          resolve();
        }
        if (event.type === 'error') lastError = troubleOf(event, this.#service);
        this.#onEvent(event);
      };
      socket.onclose = ({ code, reason }) => {
        clearTimeout(late);
        if (attempt === this.#attempt) {
          const why = opened ? Promise.resolve(closed(code, reason, lastError)) : this.#service.whyRefused();
          void why.then((trouble) => {
            if (attempt === this.#attempt) this.#lose(trouble);
            resolve();
          });
        } else resolve();
      };
    });
  }
}

/** The trouble behind an `error` event; the service's own codes come with hyphens or underscores. */
export function troubleOf(
  event: { code: string | undefined; message: string | undefined },
  service: Service,
): Trouble {
  const code = (event.code ?? '').replaceAll('_', '-');
  return new Trouble(service.knowsCode(code) ? code : 'unknown', { detail: event.message });
}

/** @param lastError what the service said before it closed, which explains more than a code. */
function closed(code: number, reason: string, lastError: Trouble | undefined): Trouble {
  if (lastError !== undefined && code !== 1001) return lastError;
  if (code === 1006) return navigator.onLine ? new Trouble('connection-lost') : noAnswer();
  return new Trouble(codeOfClose(code, reason), { detail: reason === '' ? undefined : reason });
}

function codeOfClose(code: number, reason: string): TroubleCode {
  // Upstream ends a session of full age with the same code as a service that is being stopped.
  if (code === 1001) return /maximum duration|expired/i.test(reason) ? 'conversation-ended' : 'draining';
  if (code === 1000) return 'conversation-ended';
  if (code === 1011) return 'upstream-unavailable';
  if (code === 1013) return 'rate-limited';
  return code >= 3000 ? 'upstream-rejected' : 'connection-lost';
}

function filled(query: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ''));
}

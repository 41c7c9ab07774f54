/** A WebSocket to the relay: fetches a ticket, connects, waits until the session is ready, and explains failures. */
import { shallowRef, type ShallowRef } from 'vue';
import type { Service } from '../api/service.js';
import { toAppError, networkError, AppError, type AppErrorCode } from '../api/errors.js';
import { parseEvent, type ClientEvent, type ServerEvent } from './events.js';

export type ConnectionState =
  | { readonly status: 'closed' }
  | { readonly status: 'connecting' }
  | { readonly status: 'ready'; readonly readyAtMs: number }
  | { readonly status: 'lost'; readonly error: AppError };

const READY_TIMEOUT_MS = 20_000;

export class Connection {
  readonly state: ShallowRef<ConnectionState> = shallowRef({ status: 'closed' });
  readonly #service: Service;
  readonly #path: string;
  readonly #onEvent: (event: ServerEvent) => void;
  #socket: WebSocket | undefined;
  /** Counts calls of `open()`, so that events of an earlier socket are ignored. */
  #attempt = 0;

  constructor(
    service: Service,
    path: '/realtime-voice' | '/text-chat',
    onEvent: (event: ServerEvent) => void,
  ) {
    this.#service = service;
    this.#path = path;
    this.#onEvent = onEvent;
    // A browser notices the loss of the network immediately, but its sockets only after minutes.
    addEventListener('offline', () => {
      if (this.#socket !== undefined) this.#fail(new AppError('offline'));
    });
  }

  /** Resolves when the session is ready, lost, or closed in the meantime; see `state`. */
  async open(query: Readonly<Record<string, string>>): Promise<void> {
    this.close();
    const attempt = this.#attempt;
    this.state.value = { status: 'connecting' };
    try {
      const ticket = await this.#service.ticket();
      if (attempt === this.#attempt)
        await this.#connect(attempt, new URLSearchParams({ ...withoutEmpty(query), ticket }));
    } catch (thrown) {
      if (attempt === this.#attempt) this.#fail(toAppError(thrown));
    }
  }

  send(event: ClientEvent): void {
    const socket = this.#socket;
    // Once the service has said that it closes, a frame would only leave an error in the console; `close` follows.
    if (this.state.value.status === 'ready' && socket?.readyState === WebSocket.OPEN)
      socket.send(JSON.stringify(event));
  }

  /** Bytes that have not been sent yet. */
  get backlogBytes(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  close(): void {
    this.#attempt += 1;
    this.#socket?.close(1000);
    this.#socket = undefined;
    this.state.value = { status: 'closed' };
  }

  #fail(error: AppError): void {
    this.close();
    this.state.value = { status: 'lost', error };
  }

  #connect(attempt: number, query: URLSearchParams): Promise<void> {
    const url = new URL(`${this.#path}?${query.toString()}`, location.href);
    url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url);
    this.#socket = socket;
    let opened = false;
    let lastError: AppError | undefined;

    return new Promise((resolve, reject) => {
      const readyTimer = setTimeout(() => {
        reject(new AppError('upstream-timeout'));
      }, READY_TIMEOUT_MS);
      socket.onopen = () => {
        opened = true;
      };
      socket.onmessage = ({ data }: MessageEvent<unknown>) => {
        const event = attempt === this.#attempt && typeof data === 'string' ? parseEvent(data) : undefined;
        if (event === undefined) return;
        if (event.type === 'ready') {
          clearTimeout(readyTimer);
          this.state.value = { status: 'ready', readyAtMs: Date.now() };
          resolve();
        }
        if (event.type === 'error') lastError = errorFromEvent(event, this.#service);
        this.#onEvent(event);
      };
      socket.onclose = ({ code, reason }) => {
        clearTimeout(readyTimer);
        if (attempt === this.#attempt) {
          const closeReason = opened
            ? Promise.resolve(closeError(code, reason, lastError))
            : this.#service.diagnoseRefusal();
          void closeReason.then((error) => {
            if (attempt === this.#attempt) this.#fail(error);
            resolve();
          });
        } else resolve();
      };
    });
  }
}

/** The error in an event. The codes of the service may have hyphens or underscores. */
export function errorFromEvent(
  event: { code: string | undefined; message: string | undefined },
  service: Service,
): AppError {
  const code = (event.code ?? '').replaceAll('_', '-');
  return new AppError(service.isErrorCode(code) ? code : 'unknown', { detail: event.message });
}

/** @param lastError the last `error` event before the close, which explains more than the close code. */
function closeError(code: number, reason: string, lastError: AppError | undefined): AppError {
  if (lastError !== undefined && code !== 1001) return lastError;
  if (code === 1006) return navigator.onLine ? new AppError('connection-lost') : networkError();
  return new AppError(errorCodeForClose(code, reason), { detail: reason === '' ? undefined : reason });
}

function errorCodeForClose(code: number, reason: string): AppErrorCode {
  // Upstream ends a session that has reached its maximum age with the same code as a service that shuts down.
  if (code === 1001) return /maximum duration|expired/i.test(reason) ? 'conversation-ended' : 'draining';
  if (code === 1000) return 'conversation-ended';
  if (code === 1011) return 'upstream-unavailable';
  if (code === 1013) return 'rate-limited';
  return code >= 3000 ? 'upstream-rejected' : 'connection-lost';
}

function withoutEmpty(query: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ''));
}

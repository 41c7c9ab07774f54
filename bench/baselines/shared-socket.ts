/** The minimum for concurrent requests on one upstream socket: sends an id and matches the response by it. No validation. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { WebSocket } from 'ws';

interface Event {
  readonly type: string;
  readonly response_id: string;
  readonly delta: string;
  readonly response: { readonly id: string; readonly metadata: { readonly request_id: string } };
}

interface Waiting {
  text: string;
  readonly resolve: (text: string) => void;
}

export class SharedSocket {
  readonly #socket: WebSocket;
  readonly #byRequest = new Map<string, Waiting>();
  readonly #byResponse = new Map<string, Waiting>();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      this.#receive(JSON.parse(data.toString()) as Event);
    });
  }

  static async open(url: string): Promise<SharedSocket> {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    await once(socket, 'open');
    return new SharedSocket(socket);
  }

  translate(text: string): Promise<string> {
    const requestId = randomUUID();
    const response = {
      conversation: 'none',
      output_modalities: ['text'],
      metadata: { request_id: requestId },
      input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text }] }],
    };
    this.#socket.send(JSON.stringify({ type: 'response.create', response }));
    return new Promise((resolve) => this.#byRequest.set(requestId, { text: '', resolve }));
  }

  #receive(event: Event): void {
    if (event.type === 'response.created') {
      const waiting = this.#byRequest.get(event.response.metadata.request_id);
      if (waiting !== undefined) this.#byResponse.set(event.response.id, waiting);
    } else if (event.type === 'response.output_text.delta') {
      const waiting = this.#byResponse.get(event.response_id);
      if (waiting !== undefined) waiting.text += event.delta;
    } else if (event.type === 'response.done') {
      const waiting = this.#byResponse.get(event.response.id);
      this.#byResponse.delete(event.response.id);
      this.#byRequest.delete(event.response.metadata.request_id);
      waiting?.resolve(waiting.text);
    }
  }
}

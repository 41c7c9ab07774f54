/** Counts the responses in progress, so that a shutdown can wait for them. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

interface ResponseCount {
  open: number;
  onEmpty: () => void;
}

export class Shutdown {
  #current: ResponseCount = { open: 0, onEmpty: () => undefined };
  #begun = false;

  get begun(): boolean {
    return this.#begun;
  }

  watch(server: Server): void {
    const count = (_req: IncomingMessage, res: ServerResponse): void => {
      const current = this.#current;
      current.open += 1;
      res.once('close', () => {
        current.open -= 1;
        if (current.open === 0) current.onEmpty();
      });
    };
    // Node emits other events for a client that waits for permission to send its body (`Expect: 100-continue`).
    for (const event of ['request', 'checkContinue', 'checkExpectation']) server.on(event, count);
  }

  /** Resolves when the responses in progress have ended, or after `graceMs`. Later requests are rejected and not waited for. */
  async finish(graceMs: number): Promise<void> {
    this.#begun = true;
    const current = this.#current;
    this.#current = { open: 0, onEmpty: () => undefined };
    if (current.open === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, graceMs);
      current.onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** The end of a service: how much is still being answered, so that a stop can wait for it. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/** Answers that are being given. */
interface Round {
  open: number;
  /** Called when there are none left. */
  empty: () => void;
}

export class Shutdown {
  #round: Round = { open: 0, empty: () => undefined };
  #begun = false;

  get begun(): boolean {
    return this.#begun;
  }

  watch(server: Server): void {
    const add = (_req: IncomingMessage, res: ServerResponse): void => {
      const round = this.#round;
      round.open += 1;
      res.once('close', () => {
        round.open -= 1;
        if (round.open === 0) round.empty();
      });
    };
    // Node tells of a client that waits to be asked for its body (`Expect: 100-continue`) by an event of its own.
    for (const event of ['request', 'checkContinue', 'checkExpectation']) server.on(event, add);
  }

  /** Resolves when all that was being answered when this was called has been, or after `graceMs`. */
  async finish(graceMs: number): Promise<void> {
    this.#begun = true;
    const round = this.#round;
    // What comes from now on is refused, and not waited for.
    this.#round = { open: 0, empty: () => undefined };
    if (round.open === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, graceMs);
      round.empty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

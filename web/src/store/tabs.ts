/** Knows when another tab of this page has ended, so that what it ran can be recovered. */
import { newId } from './item.js';

const lockName = (tabId: string) => `tab-${tabId}`;

export class Tab {
  readonly id = newId();
  /** Resolves when this tab holds its lock; other tabs must not see its id before. */
  readonly registered: Promise<void>;
  // Browsers hide locks from insecure pages, whatever the DOM types say.
  readonly #locks = (navigator as { readonly locks?: LockManager }).locks;

  constructor() {
    const locks = this.#locks;
    this.registered =
      locks === undefined
        ? Promise.resolve()
        : new Promise((resolve) => {
            // Held until the browser releases it, because the tab is closed, reloaded or killed.
            locks
              .request(lockName(this.id), () => {
                resolve();
                return new Promise(() => undefined);
              })
              .catch((thrown: unknown) => {
                // The browser forbids this site to store anything, so there is nothing to recover either.
                if (!(thrown instanceof DOMException)) throw thrown;
                resolve();
              });
          });
  }

  /**
   * Runs `recover` once the tab has ended: at once if it already has. If several tabs wait, one after the other runs.
   * Without locks the tab is taken to have ended; if it has not, it stores its own state again in the end.
   */
  async whenEnded(tabId: string, recover: () => Promise<void>): Promise<void> {
    if (this.#locks === undefined) await recover();
    else await this.#locks.request(lockName(tabId), recover);
  }
}

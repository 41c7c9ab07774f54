/** Why a translation is to end before it is whole. An AbortSignal would cost more than all else that is done for it here. */

/** That nobody waits any more, or that the session was deleted: whichever comes first, told to whatever is under way. */
export class Interruption {
  reason: Error | undefined;
  #listener: ((reason: Error) => void) | undefined;

  readonly abort = (reason: Error): void => {
    if (this.reason !== undefined) return;
    this.reason = reason;
    this.#listener?.(reason);
  };

  /** At once if it has begun; each call takes the place of the one before. */
  onAbort(tell: (reason: Error) => void): void {
    this.#listener = tell;
    if (this.reason !== undefined) tell(this.reason);
  }
}

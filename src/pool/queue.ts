/**
 * Requests that wait for a socket: first come, first served, but retries go ahead of those that have not run yet.
 * The links are kept in the requests, so that joining and leaving cost the same however long the queue is.
 */
import type { PendingResponse } from '../upstream/pending-response.js';

export class RequestQueue implements Iterable<PendingResponse> {
  /** Written by the queue alone. */
  first: PendingResponse | undefined;
  size = 0;
  #last: PendingResponse | undefined;

  /** Adds a request that has not run yet, at the end. */
  push(pending: PendingResponse): void {
    this.#insert(pending, undefined);
  }

  /** Adds a retry: behind the retries that were accepted earlier, ahead of everything else. */
  pushRetry(pending: PendingResponse): void {
    const { acceptedAt } = pending.timestamps;
    let next = this.first;
    while (next !== undefined && next.attempts > 0 && next.timestamps.acceptedAt <= acceptedAt)
      next = next.next;
    this.#insert(pending, next);
  }

  /** @param pending a member of this queue */
  remove(pending: PendingResponse): void {
    const { previous, next } = pending;
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    // An old member must not keep younger ones from being collected.
    pending.previous = undefined;
    pending.next = undefined;
    this.size -= 1;
  }

  /** All members of this moment in order, whatever happens to them meanwhile. */
  [Symbol.iterator](): Iterator<PendingResponse> {
    const members: PendingResponse[] = [];
    for (let each = this.first; each !== undefined; each = each.next) members.push(each);
    return members[Symbol.iterator]();
  }

  #insert(pending: PendingResponse, next: PendingResponse | undefined): void {
    const previous = next === undefined ? this.#last : next.previous;
    pending.previous = previous;
    pending.next = next;
    if (previous === undefined) this.first = pending;
    else previous.next = pending;
    if (next === undefined) this.#last = pending;
    else next.previous = pending;
    pending.queuedAt = performance.now();
    this.size += 1;
  }
}

/**
 * Which socket serves a request, and which one is closed for a voice that no socket has. Pure functions.
 * `voiceLock` is that of a `PendingResponse`.
 */

export interface Candidate {
  readonly state: 'connecting' | 'ready' | 'draining' | 'closed';
  readonly load: number;
  readonly capacity: number;
  /** Due for retirement. */
  readonly aging: boolean;
  /** The voice it is locked to; undefined while it has not spoken. */
  readonly voice: string | undefined;
  hasPrompt(prompt: string): boolean;
}

/** A socket keeps the first voice it has spoken with; audio needs a socket with its voice or with none yet. */
export function fits(candidate: Candidate, voiceLock: string | undefined): boolean {
  return voiceLock === undefined || candidate.voice === undefined || candidate.voice === voiceLock;
}

/**
 * The ready socket with the least load. Between equals: one that is not due for retirement, one that has the voice
 * already, one that has the prompt already.
 */
export function select<C extends Candidate>(
  candidates: Iterable<C>,
  voiceLock: string | undefined,
  prompt: string,
): C | undefined {
  let best: C | undefined;
  for (const candidate of candidates) {
    if (candidate.state !== 'ready' || candidate.load >= candidate.capacity) continue;
    if (!fits(candidate, voiceLock)) continue;
    if (best === undefined || compare(candidate, best, voiceLock, prompt) < 0) best = candidate;
  }
  return best;
}

function compare(a: Candidate, b: Candidate, voiceLock: string | undefined, prompt: string): number {
  return (
    Number(a.aging) - Number(b.aging) ||
    a.load - b.load ||
    Number(speaks(b, voiceLock)) - Number(speaks(a, voiceLock)) ||
    Number(b.hasPrompt(prompt)) - Number(a.hasPrompt(prompt))
  );
}

function speaks(candidate: Candidate, voiceLock: string | undefined): boolean {
  return voiceLock !== undefined && candidate.voice === voiceLock;
}

/** The least loaded of the ready sockets with another voice, to be closed so that one for `voiceLock` can be opened. */
export function pickEviction<C extends Candidate>(
  candidates: Iterable<C>,
  voiceLock: string | undefined,
): C | undefined {
  let picked: C | undefined;
  for (const candidate of candidates) {
    if (candidate.state !== 'ready' || fits(candidate, voiceLock)) continue;
    if (picked === undefined || candidate.load < picked.load) picked = candidate;
  }
  return picked;
}

/** Which socket serves a request, and which one goes when the kinds do not fit. Pure functions of what they are given. */

/** What choosing needs to know of a connection. */
export interface Candidate {
  readonly state: 'connecting' | 'ready' | 'draining' | 'closed';
  readonly load: number;
  readonly capacity: number;
  readonly aging: boolean;
  /** The voice it has spoken with; undefined while it has not. */
  readonly voice: string | undefined;
  hasPrompt(prompt: string): boolean;
}

/** What is fixed for a socket's life once used. Undefined for text, which any socket can give. */
export type VoiceLock = { readonly voice: string } | undefined;

export function voiceLockOf(request: { output: 'text' | 'audio'; voice?: string | undefined }): VoiceLock {
  return request.output === 'audio' ? { voice: request.voice ?? '' } : undefined;
}

export function fits(candidate: Candidate, voiceLock: VoiceLock): boolean {
  return voiceLock === undefined || candidate.voice === undefined || candidate.voice === voiceLock.voice;
}

export function hasRoom(candidate: Candidate): boolean {
  return candidate.state === 'ready' && candidate.load < candidate.capacity;
}

/**
 * The ready socket that is least loaded. Between equals: one that stays rather than one due for retirement,
 * one that has the voice already, one that has the prompt already.
 */
export function select<C extends Candidate>(
  candidates: Iterable<C>,
  voiceLock: VoiceLock,
  prompt: string,
): C | undefined {
  let best: C | undefined;
  for (const candidate of candidates) {
    if (!hasRoom(candidate) || !fits(candidate, voiceLock)) continue;
    if (best === undefined || compare(candidate, best, voiceLock, prompt) < 0) best = candidate;
  }
  return best;
}

function compare(a: Candidate, b: Candidate, voiceLock: VoiceLock, prompt: string): number {
  return (
    Number(a.aging) - Number(b.aging) ||
    a.load - b.load ||
    Number(speaks(b, voiceLock)) - Number(speaks(a, voiceLock)) ||
    Number(b.hasPrompt(prompt)) - Number(a.hasPrompt(prompt))
  );
}

function speaks(candidate: Candidate, voiceLock: VoiceLock): boolean {
  return voiceLock !== undefined && candidate.voice === voiceLock.voice;
}

/** When every socket has another voice: the one whose going disturbs least. */
export function pickEviction<C extends Candidate>(
  candidates: Iterable<C>,
  voiceLock: VoiceLock,
): C | undefined {
  let victim: C | undefined;
  for (const candidate of candidates) {
    if (candidate.state !== 'ready' || fits(candidate, voiceLock)) continue;
    if (victim === undefined || candidate.load < victim.load) victim = candidate;
  }
  return victim;
}

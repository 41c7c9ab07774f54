/** The cues that are shown over a film, from the service: it cuts segments into cues that can be read. */
import { onScopeDispose, shallowRef, watch, type ShallowRef } from 'vue';
import { toAppError, type AppError } from '../../../api/errors.js';
import type { Jobs, Subtitles } from '../../../api/jobs.js';

export interface CaptionCue {
  /** In seconds. */
  readonly start: number;
  readonly end: number;
  /** As WebVTT has it, escapes included. */
  readonly text: string;
}

/** What is shown: the words of one target, of the source, or both. */
export interface View {
  readonly target: string;
  readonly subtitles: Subtitles;
}

/** While segments come, at least this long between two looks; and at most a fifth of the time goes into them. */
const PAUSE_MS = 1_000;
const PAUSE_PER_COST = 4;
const MAX_PAUSE_MS = 15_000;

const BLOCK =
  /(?:(\d+):)?(\d\d):(\d\d\.\d{3}) --> (?:(\d+):)?(\d\d):(\d\d\.\d{3})[^\n]*\n([^]*?)(?:\n\n|\n?$)/g;

export function parseVtt(vtt: string): CaptionCue[] {
  const seconds = (hours: string | undefined, minutes = '', rest = '') =>
    Number(hours ?? 0) * 3600 + Number(minutes) * 60 + Number(rest);
  return [...vtt.matchAll(BLOCK)].map(([, h1, m1, s1, h2, m2, s2, text = '']) => ({
    start: seconds(h1, m1, s1),
    end: seconds(h2, m2, s2),
    text: text.trimEnd(),
  }));
}

/** Makes the cues of a track those of the list; the ones that stay are not touched, so that nothing flickers. */
export function putCues(track: TextTrack, cues: readonly CaptionCue[]): void {
  const nameOf = (cue: CaptionCue) => `${cue.start} ${cue.end} ${cue.text}`;
  const wanted = new Map(cues.map((cue) => [nameOf(cue), cue]));
  for (const old of [...((track.cues ?? []) as Iterable<VTTCue>)])
    if (!wanted.delete(old.id)) track.removeCue(old);
  for (const [name, { start, end, text }] of wanted) {
    const cue = new VTTCue(start, end, text);
    cue.id = name;
    track.addCue(cue);
  }
}

/**
 * @param view undefined while it is not known.
 * @param changes something that changes with each segment.
 */
export function useCaptions(jobs: Jobs, jobId: string, view: () => View | undefined, changes: () => unknown) {
  const cues: ShallowRef<readonly CaptionCue[]> = shallowRef([]);
  const error = shallowRef<AppError>();
  const leaving = new AbortController();
  let isLoading = false;
  let isOutdated = false;
  let lastCost = 0;
  let pause: ReturnType<typeof setTimeout> | undefined;

  /** Now, or once the answer that is under way has come. Never rejects. */
  async function refresh(): Promise<void> {
    clearTimeout(pause);
    pause = undefined;
    const shown = view();
    isOutdated = isLoading;
    if (isLoading || shown === undefined) return;
    isLoading = true;
    const begun = performance.now();
    try {
      const { target, subtitles } = shown;
      const query = { format: 'vtt', subtitles, partial: true, ...(target !== '' && { target }) } as const;
      cues.value = parseVtt(await (await jobs.result(jobId, query, leaving.signal)).text());
      error.value = undefined;
    } catch (thrown) {
      if (leaving.signal.aborted) return;
      error.value = toAppError(thrown);
      if (error.value.retryable) later(MAX_PAUSE_MS);
    } finally {
      isLoading = false;
    }
    lastCost = performance.now() - begun;
    if (isOutdated) await refresh();
  }

  function later(ms: number): void {
    pause ??= setTimeout(() => void refresh(), ms);
  }

  watch(
    view,
    (now, before) => {
      if (now?.target !== before?.target || now?.subtitles !== before?.subtitles) void refresh();
    },
    { immediate: true },
  );
  watch(changes, () => {
    later(Math.min(MAX_PAUSE_MS, Math.max(PAUSE_MS, lastCost * PAUSE_PER_COST)));
  });
  onScopeDispose(() => {
    leaving.abort();
    clearTimeout(pause);
  });
  return { cues, error, refresh };
}

/** The cues of a job, as WebVTT from the service, which splits segments into cues that can be read. */
import { onScopeDispose, shallowRef, watch, type ShallowRef } from 'vue';
import { toAppError, type AppError } from '../../../api/errors.js';
import type { Jobs, Subtitles } from '../../../api/jobs.js';

export interface CaptionCue {
  /** In seconds. */
  readonly start: number;
  readonly end: number;
  /** Cue text of WebVTT, escapes included. */
  readonly text: string;
}

/** Which subtitles are shown: of one target, of the source, or of both. */
export interface View {
  readonly target: string;
  readonly subtitles: Subtitles;
}

/** Between two requests while segments arrive: at least a second, and four times as long as the last one took. */
const PAUSE_MS = 1_000;
const PAUSE_PER_REQUEST = 4;
const MAX_PAUSE_MS = 15_000;

const CUE_BLOCK =
  /(?:(\d+):)?(\d\d):(\d\d\.\d{3}) --> (?:(\d+):)?(\d\d):(\d\d\.\d{3})[^\n]*\n([^]*?)(?:\n\n|\n?$)/g;

export function parseVtt(vtt: string): CaptionCue[] {
  const seconds = (hours: string | undefined, minutes = '', rest = '') =>
    Number(hours ?? 0) * 3600 + Number(minutes) * 60 + Number(rest);
  return [...vtt.matchAll(CUE_BLOCK)].map(([, h1, m1, s1, h2, m2, s2, text = '']) => ({
    start: seconds(h1, m1, s1),
    end: seconds(h2, m2, s2),
    text: text.trimEnd(),
  }));
}

/** Replaces the cues of a track. Cues that stay are not touched, so that nothing flickers. */
export function putCues(track: TextTrack, cues: readonly CaptionCue[]): void {
  const idOf = (cue: CaptionCue) => `${cue.start} ${cue.end} ${cue.text}`;
  const wanted = new Map(cues.map((cue) => [idOf(cue), cue]));
  for (const old of [...((track.cues ?? []) as Iterable<VTTCue>)])
    if (!wanted.delete(old.id)) track.removeCue(old);
  for (const [id, { start, end, text }] of wanted) {
    const cue = new VTTCue(start, end, text);
    cue.id = id;
    track.addCue(cue);
  }
}

/**
 * @param view undefined until the job is known.
 * @param changes a reactive value that changes with each segment.
 */
export function useCaptions(jobs: Jobs, jobId: string, view: () => View | undefined, changes: () => unknown) {
  const cues: ShallowRef<readonly CaptionCue[]> = shallowRef([]);
  const error = shallowRef<AppError>();
  const abort = new AbortController();
  let isLoading = false;
  let isOutdated = false;
  let lastMs = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** Requests the cues now, or as soon as the request in progress has ended. Never rejects. */
  async function refresh(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const shown = view();
    isOutdated = isLoading;
    if (isLoading || shown === undefined) return;
    isLoading = true;
    const begun = performance.now();
    try {
      const { target, subtitles } = shown;
      const query = { format: 'vtt', subtitles, partial: true, ...(target !== '' && { target }) } as const;
      cues.value = parseVtt(await (await jobs.result(jobId, query, abort.signal)).text());
      error.value = undefined;
    } catch (thrown) {
      if (abort.signal.aborted) return;
      error.value = toAppError(thrown);
      if (error.value.retryable) refreshAfter(MAX_PAUSE_MS);
    } finally {
      isLoading = false;
    }
    lastMs = performance.now() - begun;
    if (isOutdated) await refresh();
  }

  function refreshAfter(ms: number): void {
    timer ??= setTimeout(() => void refresh(), ms);
  }

  watch(
    view,
    (now, before) => {
      if (now?.target !== before?.target || now?.subtitles !== before?.subtitles) void refresh();
    },
    { immediate: true },
  );
  watch(changes, () => {
    refreshAfter(Math.min(MAX_PAUSE_MS, Math.max(PAUSE_MS, lastMs * PAUSE_PER_REQUEST)));
  });
  onScopeDispose(() => {
    abort.abort();
    clearTimeout(timer);
  });
  return { cues, error, refresh };
}

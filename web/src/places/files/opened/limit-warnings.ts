/** The limits for reading that cues exceed. Known once a job is completed, for the subtitles that are shown. */
import { onScopeDispose, shallowRef, watch } from 'vue';
import type { JobResult, Jobs } from '../../../api/jobs.js';
import { parseObject } from '../../../api/json.js';
import type { View } from './captions.js';
import type { Warning } from './segments.js';

const LIMITS: ReadonlySet<string> = new Set([
  'line-too-long',
  'reading-speed',
  'cue-too-short',
  'cue-too-long',
]);

/** @param view undefined while the job is not completed. */
export function useLimitWarnings(jobs: Jobs, jobId: string, view: () => View | undefined) {
  /** By the index of the segment. */
  const warnings = shallowRef<ReadonlyMap<number, readonly Warning[]>>(new Map());
  let abort = new AbortController();

  /** Never rejects: without an answer, what was known before stays. */
  async function refresh(): Promise<void> {
    const shown = view();
    abort.abort();
    if (shown === undefined) return;
    abort = new AbortController();
    const { target, subtitles } = shown;
    const query = { format: 'verbose_json', subtitles, ...(target !== '' && { target }) } as const;
    const answer = await jobs.result(jobId, query, abort.signal).catch(() => undefined);
    if (answer === undefined) return;
    const { segments = [] } = parseObject(await answer.text()) as Partial<JobResult>;
    warnings.value = new Map(
      segments.flatMap(({ index, warnings: all = [] }) => {
        const ofCues = all.filter(({ code }) => LIMITS.has(code));
        return ofCues.length === 0 ? [] : [[index, ofCues] as const];
      }),
    );
  }

  watch(
    () => JSON.stringify(view()),
    () => void refresh(),
    { immediate: true },
  );
  onScopeDispose(() => {
    abort.abort();
  });
  return { warnings, refresh };
}

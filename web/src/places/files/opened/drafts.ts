/** Corrections in progress. A draft is kept until it is saved or discarded, also over a reload of the page. */
import { reactive, watch } from 'vue';
import { toAppError, type AppError } from '../../../api/errors.js';
import type { JobSegment, Jobs } from '../../../api/jobs.js';
import { parseObject } from '../../../api/json.js';
import { readText, writeText } from '../../../store/preferences.js';

export interface Draft {
  text: string;
  isSaving: boolean;
  /** Why it was not saved. */
  error: AppError | undefined;
}

export type Drafts = ReturnType<typeof useDrafts>;

/** @param onSaved called with the segment that the service returned. */
export function useDrafts(jobs: Jobs, jobId: string, onSaved: (segment: JobSegment) => void) {
  const storageKey = `corrections-${jobId}`;
  const drafts = reactive(new Map<string, Draft>());
  for (const [key, text] of Object.entries(parseObject(readText('sessionStorage', storageKey) ?? '')))
    if (typeof text === 'string') drafts.set(key, { text, isSaving: false, error: undefined });
  watch(
    () => JSON.stringify(Object.fromEntries([...drafts].map(([key, { text }]) => [key, text]))),
    (json) => {
      writeText('sessionStorage', storageKey, drafts.size === 0 ? undefined : json);
    },
  );

  const of = (index: number, target: string): Draft | undefined => drafts.get(keyOf(index, target));

  function begin(index: number, target: string, text: string): void {
    if (of(index, target) === undefined)
      drafts.set(keyOf(index, target), { text, isSaving: false, error: undefined });
  }

  function discard(index: number, target: string): void {
    drafts.delete(keyOf(index, target));
  }

  /** A draft that could not be saved stays, with its error. Never rejects. */
  async function save(index: number, target: string): Promise<void> {
    const draft = of(index, target);
    if (draft === undefined || draft.isSaving) return;
    draft.isSaving = true;
    draft.error = undefined;
    try {
      onSaved(await jobs.patchSegment(jobId, index, draft.text.trim(), target === '' ? undefined : target));
      drafts.delete(keyOf(index, target));
    } catch (thrown) {
      draft.error = toAppError(thrown);
    } finally {
      draft.isSaving = false;
    }
  }

  return { of, begin, discard, save };
}

function keyOf(index: number, target: string): string {
  return `${index}/${target}`;
}

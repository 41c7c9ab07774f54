/** What is played of a job: the film or recording that this browser keeps, else the service's sound, as far as it is decoded. */
import { onScopeDispose, shallowRef, watch } from 'vue';
import type { components } from '../../../api/openapi.js';
import { toAppError, type AppError } from '../../../api/errors.js';
import type { Service } from '../../../api/service.js';
import { parseObject } from '../../../api/json.js';

export type Waveform = components['schemas']['Waveform'];

export interface Source {
  readonly url: string;
  /** Of this browser: it may be a film, and it is whole. */
  readonly isKept: boolean;
}

/** While the recording is decoded, which takes some seconds for each hour of it. */
const LOOK_MS = 3_000;

/**
 * @param mediaOf what this browser keeps of the job.
 * @param isDecoded whether all of its sound is there, or will never be.
 */
export function useSoundSource(
  service: Service,
  jobId: string,
  mediaOf: (jobId: string) => Promise<Blob | undefined>,
  isDecoded: () => boolean | undefined,
) {
  const source = shallowRef<Source>();
  const waveform = shallowRef<Waveform>();
  const error = shallowRef<AppError>();
  const leaving = new AbortController();
  const { signal } = leaving;
  let keptUrl: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function openKept(): Promise<void> {
    const media = await mediaOf(jobId).catch(() => undefined);
    if (media === undefined || signal.aborted) return;
    keptUrl = URL.createObjectURL(media);
    source.value = { url: keptUrl, isKept: true };
  }

  /** @param isRefused what there was could not be played: its ticket may have ended. Never rejects. */
  async function look(isRefused = false): Promise<void> {
    clearTimeout(timer);
    const wasDecoded = isDecoded();
    try {
      const response = await service.fetch(`/api/realtime/jobs/${encodeURIComponent(jobId)}/waveform`, {
        signal,
      });
      const answer = parseObject(await response.text()) as Waveform;
      const isMore = answer.durationMs !== waveform.value?.durationMs;
      waveform.value = answer;
      error.value = undefined;
      if (
        keptUrl === undefined &&
        answer.sound !== undefined &&
        (isMore || isRefused || source.value === undefined)
      )
        source.value = { url: answer.sound.href, isKept: false };
    } catch (thrown) {
      if (signal.aborted) return;
      error.value = toAppError(thrown);
      if (!error.value.retryable) return;
    }
    if (wasDecoded !== true || error.value !== undefined) timer = setTimeout(() => void look(), LOOK_MS);
  }

  /** What is kept cannot be played here: the service's sound can. */
  async function refuseKept(): Promise<void> {
    if (keptUrl !== undefined) URL.revokeObjectURL(keptUrl);
    keptUrl = undefined;
    source.value = undefined;
    await look();
  }

  void openKept().then(() => look());
  watch(isDecoded, (now) => {
    if (now === true) void look();
  });
  onScopeDispose(() => {
    leaving.abort();
    clearTimeout(timer);
    if (keptUrl !== undefined) URL.revokeObjectURL(keptUrl);
  });
  return { source, waveform, error, look, refuseKept };
}

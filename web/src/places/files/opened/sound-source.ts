/** What a job plays: the file that this browser keeps, else the sound of the service, as far as it is decoded. */
import { onScopeDispose, shallowRef, watch } from 'vue';
import type { components } from '../../../api/openapi.js';
import { toAppError, type AppError } from '../../../api/errors.js';
import type { Service } from '../../../api/service.js';
import { parseObject } from '../../../api/json.js';

export type Waveform = components['schemas']['Waveform'];

export interface Source {
  readonly url: string;
  /** Whether it is the file that this browser keeps: it may be a film, and it is complete. */
  readonly isKept: boolean;
}

/** Between two requests while the recording is decoded, which takes some seconds for each hour of it. */
const POLL_MS = 3_000;

/**
 * @param mediaOf returns the file that this browser keeps of the job.
 * @param isDecoded whether the sound will not grow any more.
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
  const abort = new AbortController();
  const { signal } = abort;
  let keptUrl: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function openKept(): Promise<void> {
    const media = await mediaOf(jobId).catch(() => undefined);
    if (media === undefined || signal.aborted) return;
    keptUrl = URL.createObjectURL(media);
    source.value = { url: keptUrl, isKept: true };
  }

  /** Never rejects. @param isRefused whether the source could not be played: its ticket may have expired. */
  async function refresh(isRefused = false): Promise<void> {
    clearTimeout(timer);
    const wasDecoded = isDecoded();
    try {
      const response = await service.fetch(`/api/realtime/jobs/${encodeURIComponent(jobId)}/waveform`, {
        signal,
      });
      const answer = parseObject(await response.text()) as Waveform;
      const hasGrown = answer.durationMs !== waveform.value?.durationMs;
      waveform.value = answer;
      error.value = undefined;
      if (
        keptUrl === undefined &&
        answer.sound !== undefined &&
        (hasGrown || isRefused || source.value === undefined)
      )
        source.value = { url: answer.sound.href, isKept: false };
    } catch (thrown) {
      if (signal.aborted) return;
      error.value = toAppError(thrown);
      if (!error.value.retryable) return;
    }
    if (wasDecoded !== true || error.value !== undefined) timer = setTimeout(() => void refresh(), POLL_MS);
  }

  /** Replaces a kept file that this browser cannot play by the sound of the service. */
  async function refuseKept(): Promise<void> {
    if (keptUrl !== undefined) URL.revokeObjectURL(keptUrl);
    keptUrl = undefined;
    source.value = undefined;
    await refresh();
  }

  void openKept().then(() => refresh());
  watch(isDecoded, (now) => {
    if (now === true) void refresh();
  });
  onScopeDispose(() => {
    abort.abort();
    clearTimeout(timer);
    if (keptUrl !== undefined) URL.revokeObjectURL(keptUrl);
  });
  return { source, waveform, error, refresh, refuseKept };
}

/** The list of jobs of the service: loaded in pages, and polled while one of them runs. */
import { useEventListener } from '@vueuse/core';
import { computed, onActivated, onDeactivated, onScopeDispose, ref, shallowRef } from 'vue';
import { toAppError, type AppError } from '../../api/errors.js';
import { hasEnded, MAX_PAGE_SIZE, type Job, type Jobs } from '../../api/jobs.js';

const PAGE_SIZE = 20;
/** Each request costs a point, of which a minute has 600 by default. */
const POLL_MS = 2_000;
const MAX_RETRY_MS = 15_000;

export type JobList = ReturnType<typeof useJobList>;

export function useJobList(jobs: Jobs) {
  const list = shallowRef<readonly Job[]>([]);
  const nextCursor = shallowRef<string | null>(null);
  const error = shallowRef<AppError>();
  /** Whether a page has arrived. */
  const isLoaded = ref(false);
  const isLoadingMore = ref(false);
  let isShown = false;
  let refreshing: Promise<void> | undefined;
  /** Counts local changes: a response that was requested before one does not contain it. */
  let changes = 0;
  let retryMs = POLL_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const isBusy = computed(() => list.value.some((job) => !hasEnded(job)));

  /** Requests the list now. Never rejects. */
  function refresh(): Promise<void> {
    clearTimeout(timer);
    refreshing ??= load().finally(() => {
      refreshing = undefined;
      schedule();
    });
    return refreshing;
  }

  async function load(): Promise<void> {
    const changesBefore = changes;
    try {
      const limit = Math.min(MAX_PAGE_SIZE, Math.max(PAGE_SIZE, list.value.length));
      const page = await jobs.list(limit);
      error.value = undefined;
      isLoaded.value = true;
      retryMs = POLL_MS;
      if (changesBefore !== changes) return;
      const oldest = page.jobs.at(-1)?.jobId ?? '';
      const older = page.nextCursor === null ? [] : list.value.filter(({ jobId }) => jobId < oldest);
      list.value = [...page.jobs, ...older];
      if (older.length === 0) nextCursor.value = page.nextCursor;
    } catch (thrown) {
      error.value = toAppError(thrown);
      retryMs = Math.max(
        Math.min(MAX_RETRY_MS, retryMs * 2),
        (error.value.info.retryAfterSeconds ?? 0) * 1000,
      );
    }
  }

  function schedule(): void {
    clearTimeout(timer);
    if (!isShown || document.hidden) return;
    if (error.value === undefined ? isBusy.value : error.value.retryable)
      timer = setTimeout(() => void refresh(), retryMs);
  }

  /** Never rejects. */
  async function loadMore(): Promise<void> {
    const cursor = nextCursor.value;
    if (cursor === null || isLoadingMore.value) return;
    isLoadingMore.value = true;
    try {
      const page = await jobs.list(PAGE_SIZE, cursor);
      const known = new Set(list.value.map(({ jobId }) => jobId));
      changes += 1;
      list.value = [...list.value, ...page.jobs.filter(({ jobId }) => !known.has(jobId))];
      nextCursor.value = page.nextCursor;
      error.value = undefined;
    } catch (thrown) {
      error.value = toAppError(thrown);
    } finally {
      isLoadingMore.value = false;
    }
  }

  /** Adds or replaces a job that was created or changed here. */
  function put(job: Job): void {
    changes += 1;
    const others = list.value.filter(({ jobId }) => jobId !== job.jobId);
    // Ids sort by age.
    list.value = [...others, job].sort((a, b) => (a.jobId < b.jobId ? 1 : -1));
    schedule();
  }

  /** Removes a job that was deleted here. */
  function drop(jobId: string): void {
    changes += 1;
    list.value = list.value.filter((job) => job.jobId !== jobId);
  }

  function show(): void {
    isShown = true;
    void refresh();
  }

  function hide(): void {
    isShown = false;
    clearTimeout(timer);
  }

  onActivated(show);
  onDeactivated(hide);
  onScopeDispose(hide);
  useEventListener(document, 'visibilitychange', () => {
    if (isShown && !document.hidden) void refresh();
    else clearTimeout(timer);
  });
  useEventListener(window, 'online', () => {
    if (isShown) void refresh();
  });

  return { list, nextCursor, error, isLoaded, isLoadingMore, isBusy, refresh, loadMore, put, drop };
}

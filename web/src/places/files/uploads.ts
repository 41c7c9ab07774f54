/** The uploads of this tab: two run at a time; each has its progress, and can be cancelled and retried. */
import { computed, shallowReactive, watch } from 'vue';
import type { Capabilities } from '../../api/capabilities.js';
import { AppError, toAppError } from '../../api/errors.js';
import type { Job, Jobs } from '../../api/jobs.js';
import { checkRecording } from '../../api/upload-limits.js';
import { isRunning, type FileUpload, type Item } from '../../store/item.js';
import type { ItemStore } from '../../store/item-store.js';
import { PLACE, type KeptFiles } from './kept-files.js';

/** Browsers hold six connections to a server; the list and what is opened need some, too. */
const MAX_RUNNING = 2;
/** Time constant of the rate shown: it follows a change of the network within a few seconds. */
const SMOOTHING_MS = 4_000;

export interface FileOrder {
  readonly source: string;
  readonly targets: readonly string[];
  readonly transcript: boolean;
}

export interface UploadProgress {
  readonly sentBytes: number;
  /** Undefined until something has been sent. */
  readonly bytesPerSecond: number | undefined;
}

export interface UploadsOptions {
  readonly capabilities: () => Capabilities | undefined;
  /** Called when a file has become a job. */
  readonly onCreated: (job: Job, item: Item) => void;
}

export type Uploads = ReturnType<typeof useUploads>;

export function useUploads(jobs: Jobs, items: ItemStore, kept: KeptFiles, options: UploadsOptions) {
  const own = items.of(PLACE);
  const progress = shallowReactive(new Map<string, UploadProgress>());
  const running = shallowReactive(new Map<string, AbortController>());
  /** In the order in which they were chosen. */
  const queue: { item: Item; file: Blob }[] = [];

  /** Uploads that have not become jobs yet, in the order in which they were chosen. */
  const shown = computed(() => own.value.filter(({ upload }) => upload?.jobId === undefined));
  const active = computed(() => shown.value.filter(isRunning).length);

  // Another tab cancelled it, or the history was cleared.
  watch(own, () => {
    for (const [id, controller] of running) if (items.get(id) === undefined) controller.abort();
  });

  function add(files: readonly File[], { source, targets, transcript }: FileOrder): void {
    for (const file of files) {
      const item = items.add({
        place: PLACE,
        input: { kind: 'file', name: file.name, sound: undefined },
        profile: { source, target: targets[0] ?? '', voice: '', prompt: '' },
        upload: { targets: [...targets], transcript, bytes: file.size, keptBytes: 0 },
        state: 'waiting',
      });
      queue.push({ item, file });
      // A file that the service would refuse need not be kept.
      if (file.size <= (options.capabilities()?.maxRecordingBytes ?? Infinity)) void kept.keep(item, file);
    }
    runNext();
  }

  /** Uploads a file again. @param file chosen again because this browser does not have it any more. */
  async function retry(item: Item, file?: File): Promise<void> {
    if (isRunning(item)) return;
    items.update(item, { state: 'waiting', error: undefined });
    if (file !== undefined) void kept.keep(item, file);
    const found = file ?? (await kept.fileOf(item));
    if (found === undefined) {
      items.update(item, { state: 'failed', error: new AppError('sound-missing').toRecord() });
      return;
    }
    queue.push({ item, file: found });
    runNext();
  }

  /** Ends an upload, whatever its state, and removes it. */
  function cancel(item: Item): void {
    const at = queue.findIndex((waiting) => waiting.item === item);
    if (at >= 0) queue.splice(at, 1);
    running.get(item.id)?.abort();
    kept.remove(item);
  }

  function runNext(): void {
    while (running.size < MAX_RUNNING) {
      const next = queue.shift();
      if (next === undefined) return;
      if (items.get(next.item.id) === undefined) continue;
      void run(next.item, next.file).finally(runNext);
    }
  }

  async function run(item: Item, file: Blob): Promise<void> {
    const controller = new AbortController();
    running.set(item.id, controller);
    items.update(item, { state: 'uploading' });
    try {
      const limits = options.capabilities();
      const refusal = limits && (await checkRecording(file, limits));
      if (refusal !== undefined) throw refusal;
      if (limits && (await jobs.isFull(limits, controller.signal))) throw new AppError('job-limit');
      const job = await jobs.create(orderOf(item, file), progressOf(item, file), controller.signal);
      const { upload } = item;
      const expiresAt = Date.parse(job.expiresAt);
      items.update(item, {
        state: 'done',
        ...(upload && { upload: { ...upload, jobId: job.jobId, expiresAt } }),
      });
      options.onCreated(job, item);
    } catch (thrown) {
      if (!controller.signal.aborted)
        items.update(item, { state: 'failed', error: toAppError(thrown).toRecord() });
    } finally {
      running.delete(item.id);
      progress.delete(item.id);
    }
  }

  function progressOf(item: Item, file: Blob): (sentBytes: number) => void {
    let [lastAt, lastBytes, rate] = [performance.now(), 0, 0];
    progress.set(item.id, { sentBytes: 0, bytesPerSecond: undefined });
    return (sentBytes) => {
      const elapsedMs = performance.now() - lastAt;
      if (elapsedMs < 100 && sentBytes < file.size) return;
      const current = ((sentBytes - lastBytes) * 1000) / Math.max(1, elapsedMs);
      const weight = rate === 0 ? 1 : 1 - Math.exp(-elapsedMs / SMOOTHING_MS);
      rate += weight * (current - rate);
      [lastAt, lastBytes] = [performance.now(), sentBytes];
      progress.set(item.id, { sentBytes, bytesPerSecond: rate > 0 ? rate : undefined });
    };
  }

  return { shown, active, progress, add, retry, cancel };
}

function orderOf({ input, profile, upload }: Item, file: Blob) {
  const { targets = [], transcript = true }: Partial<FileUpload> = upload ?? {};
  return { file, name: input.kind === 'file' ? input.name : '', source: profile.source, targets, transcript };
}

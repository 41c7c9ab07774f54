/** The languages for the next files, kept as preferences among those that the service supports. */
import { computed, watchEffect } from 'vue';
import { AUTO } from '../../language-options.js';
import { useServices } from '../../services.js';
import { usePreferences } from '../../store/preferences.js';
import type { FileOrder } from './uploads.js';

/** As many as a request may name. */
const MAX_TARGETS = 8;
/** The first choice of a target, where the service has it. */
const FIRST_TARGETS = ['es', 'en'];

export type FileOptions = ReturnType<typeof useFileOptions>;

export function useFileOptions() {
  const { languageOptions } = useServices();
  const stored = usePreferences('files', { source: AUTO, targets: '', transcript: true });

  /** The languages in which the engine understands speech. */
  const sources = computed(() => {
    const options = languageOptions.value;
    return options?.sources().filter(({ tag }) => options.supportsSpeech(tag)) ?? [];
  });
  /** Whether the engine takes recordings; true until that is known. */
  const takesRecordings = computed(() => languageOptions.value?.supportsSpeech(AUTO) ?? true);
  const available = computed(() => languageOptions.value?.targets(stored.source) ?? []);
  const targets = computed(() => stored.targets.split(' ').filter((tag) => tag !== ''));
  const addable = computed(() =>
    targets.value.length < MAX_TARGETS
      ? available.value.filter(({ tag }) => !targets.value.includes(tag))
      : [],
  );

  // A stored choice that this service does not support is replaced.
  watchEffect(() => {
    if (available.value.length === 0) return;
    if (stored.source !== AUTO && !sources.value.some(({ tag }) => tag === stored.source))
      stored.source = AUTO;
    const has = (wanted: string) => available.value.some(({ tag }) => tag === wanted);
    const valid = targets.value.filter(has);
    const first = FIRST_TARGETS.find(has) ?? available.value[0]?.tag ?? '';
    stored.targets = (valid.length > 0 ? valid : [first]).join(' ');
  });

  function addTarget(tag: string): void {
    if (!targets.value.includes(tag)) stored.targets = [...targets.value, tag].join(' ');
  }

  /** Keeps the last one: a job without a target translates nothing. */
  function removeTarget(tag: string): void {
    if (targets.value.length > 1) stored.targets = targets.value.filter((target) => target !== tag).join(' ');
  }

  /** Takes over languages that were chosen elsewhere, as far as they are offered here. */
  function adopt(source: string | undefined, target: string | undefined): void {
    if (source !== undefined) stored.source = source;
    if (target !== undefined) stored.targets = target;
  }

  const order = computed((): FileOrder => ({
    source: stored.source,
    targets: targets.value,
    transcript: stored.transcript,
  }));
  return { stored, sources, takesRecordings, targets, addable, order, addTarget, removeTarget, adopt };
}

/** Keeps the selected languages among those that the service supports. */
import { watchEffect, type Ref } from 'vue';
import { AUTO, type Language } from './language-options.js';

/** The preferred initial targets. */
const FIRST_TARGETS = ['es', 'en'];

/**
 * Replaces a stored selection that this service does not support.
 * @param none the option for no target at all, if there is one.
 */
export function useLanguageSelection(
  options: { source: string; target: string },
  sources: Ref<readonly Language[]>,
  targets: Ref<readonly Language[]>,
  none?: Ref<object | undefined>,
): void {
  const has = (languages: readonly Language[], wanted: string) => languages.some(({ tag }) => tag === wanted);
  watchEffect(() => {
    if (sources.value.length === 0) return;
    if (options.source !== AUTO && !has(sources.value, options.source)) options.source = AUTO;
    const isValid = options.target === '' ? none?.value !== undefined : has(targets.value, options.target);
    if (isValid) return;
    const first = FIRST_TARGETS.find((tag) => has(targets.value, tag)) ?? targets.value[0]?.tag ?? '';
    options.target = none?.value === undefined ? first : '';
  });
}

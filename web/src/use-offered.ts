/** Choices of languages that follow what is on offer. */
import { watchEffect, type Ref } from 'vue';
import { AUTO, type Language } from './languages.js';

/** Where most begin, as far as it is offered. */
const FIRST_TARGETS = ['es', 'en'];

/**
 * A remembered choice that this service does not offer gives way to one that it does.
 * @param none whether no target may be chosen at all.
 */
export function useOffered(
  choices: { source: string; target: string },
  sources: Ref<readonly Language[]>,
  targets: Ref<readonly Language[]>,
  none?: Ref<object | undefined>,
): void {
  const has = (languages: readonly Language[], wish: string) => languages.some(({ tag }) => tag === wish);
  watchEffect(() => {
    if (sources.value.length === 0) return;
    if (choices.source !== AUTO && !has(sources.value, choices.source)) choices.source = AUTO;
    const fits = choices.target === '' ? none?.value !== undefined : has(targets.value, choices.target);
    if (fits) return;
    const first = FIRST_TARGETS.find((tag) => has(targets.value, tag)) ?? targets.value[0]?.tag ?? '';
    choices.target = none?.value === undefined ? first : '';
  });
}

/** The three views, by their names in the address. */
import type { IconName } from './components/Icon.vue';

export type ViewName = 'translate' | 'voice' | 'text';

export const VIEWS: readonly { readonly view: ViewName; readonly icon: IconName }[] = [
  { view: 'translate', icon: 'globe' },
  { view: 'voice', icon: 'microphone' },
  { view: 'text', icon: 'text' },
];

/** @param hash of the address, e.g. `#voice`; an unknown one selects the first view. */
export function parseView(hash: string): ViewName {
  return VIEWS.find(({ view }) => hash === `#${view}`)?.view ?? 'translate';
}

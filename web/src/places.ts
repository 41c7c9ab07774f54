/** The three places, as the address names them. */
import type { Place } from './store/database.js';
import type { IconName } from './parts/Icon.vue';

export const PLACES: readonly { readonly place: Place; readonly icon: IconName }[] = [
  { place: 'translate', icon: 'globe' },
  { place: 'voice', icon: 'microphone' },
  { place: 'text', icon: 'text' },
];

/** @param hash of the address, `#voice`; anything unknown is the first place. */
export function readPlace(hash: string): Place {
  return PLACES.find(({ place }) => hash === `#${place}`)?.place ?? 'translate';
}

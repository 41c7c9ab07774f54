/** The places of the page. A new one is its folder and its line here; see web/README.md. */
import type { Place } from '../shell/place.js';

/** Their folders, in the order of the navigation. */
const FOLDERS: readonly string[] = [
  'translate', // a text or a recording in, its translation out
  'interpreter', // a call that speaks the translation of what is said
  'files', // films and recordings of any length in, subtitles out
  'chat', // a conversation in writing
];

const descriptors = import.meta.glob<Place>('./*/index.ts', { eager: true, import: 'default' });

export const places: readonly Place[] = FOLDERS.map((folder) => {
  const place = descriptors[`./${folder}/index.ts`];
  if (place?.id !== folder) throw new Error(`places/${folder}/index.ts must export the place "${folder}"`);
  return place;
});

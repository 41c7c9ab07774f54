/** Parts that a first visit can do without. They are fetched once the page is idle, so that they are there without a network. */
import { defineAsyncComponent } from 'vue';

const loaders = {
  history: () => import('./HistoryList.vue'),
  recording: () => import('./RecordingPanel.vue'),
  sheet: () => import('../../components/Sheet.vue'),
  share: () => import('./ShareMenu.vue'),
  player: () => import('../../components/SoundPlayer.vue'),
};

export const HistoryList = defineAsyncComponent(loaders.history);
export const RecordingPanel = defineAsyncComponent(loaders.recording);
export const Sheet = defineAsyncComponent(loaders.sheet);
export const ShareMenu = defineAsyncComponent(loaders.share);
export const SoundPlayer = defineAsyncComponent(loaders.player);

/** What cannot be fetched now is fetched, or fails, when it is shown. */
export function prefetchParts(): void {
  setTimeout(() => {
    for (const load of Object.values(loaders)) load().catch(() => undefined);
  }, 500);
}

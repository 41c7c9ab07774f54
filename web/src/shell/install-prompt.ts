/** Keeps the browser's offer to install the page for the button in the settings. */
import { useEventListener } from '@vueuse/core';
import type { PageState } from './page-state.js';

/** Chromium's event (https://wicg.github.io/manifest-incubations/), which the DOM types do not know. */
export interface InstallPrompt extends Event {
  prompt(): Promise<unknown>;
}

declare global {
  interface WindowEventMap {
    beforeinstallprompt: InstallPrompt;
  }
}

/** Called once, by App. */
export function keepInstallPrompt({ installPrompt }: PageState): void {
  useEventListener(window, 'beforeinstallprompt', (event) => {
    event.preventDefault();
    installPrompt.value = event;
  });
  useEventListener(window, 'appinstalled', () => {
    installPrompt.value = undefined;
  });
}

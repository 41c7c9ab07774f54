/** Light, dark, or the theme of the system, stored as a preference. */
import { watchEffect } from 'vue';
import { usePreferences } from './store/preferences.js';

export const THEMES = ['auto', 'light', 'dark'] as const;

export type Theme = (typeof THEMES)[number];

export type ThemePreference = { theme: Theme };

export function createTheme(): ThemePreference {
  const preference = usePreferences<ThemePreference>('theme', { theme: 'auto' });
  if (!THEMES.includes(preference.theme)) preference.theme = 'auto';
  watchEffect(() => {
    document.documentElement.dataset.theme = preference.theme;
  });
  return preference;
}

/** Light, dark, or the theme of the system, stored as a preference. */
import { inject, watchEffect, type InjectionKey } from 'vue';
import { usePreferences } from './store/preferences.js';

export const THEMES = ['auto', 'light', 'dark'] as const;

export type Theme = (typeof THEMES)[number];

export type ThemePreference = { theme: Theme };

export const THEME: InjectionKey<ThemePreference> = Symbol('theme');

export function useTheme(): ThemePreference {
  const theme = inject(THEME);
  if (theme === undefined) throw new Error('useTheme() requires App as an ancestor');
  return theme;
}

export function createTheme(): ThemePreference {
  const preference = usePreferences<ThemePreference>('theme', { theme: 'auto' });
  if (!THEMES.includes(preference.theme)) preference.theme = 'auto';
  watchEffect(() => {
    document.documentElement.dataset.theme = preference.theme;
  });
  return preference;
}

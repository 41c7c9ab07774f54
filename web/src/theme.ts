/** Light, dark, or as the system has it; remembered. */
import { watchEffect } from 'vue';
import { remembered } from './store/remembered.js';

export const THEMES = ['auto', 'light', 'dark'] as const;

export type Theme = (typeof THEMES)[number];

export type ThemeChoice = { theme: Theme };

export function createTheme(): ThemeChoice {
  const choice = remembered<ThemeChoice>('theme', { theme: 'auto' });
  if (!THEMES.includes(choice.theme)) choice.theme = 'auto';
  watchEffect(() => {
    document.documentElement.dataset.theme = choice.theme;
  });
  return choice;
}

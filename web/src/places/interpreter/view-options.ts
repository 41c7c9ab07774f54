/** How the captions are shown: how large, and for whom. Kept over a reload. */
import { computed, type ComputedRef } from 'vue';
import { usePreferences } from '../../store/preferences.js';

/** In rem. */
const SIZES = [1, 1.25, 1.5, 2, 2.5, 3.25] as const;

type ViewPreferences = { size: number; turned: boolean };

export interface ViewOptions {
  readonly preferences: ViewPreferences;
  readonly typeSize: ComputedRef<string>;
  readonly canGrow: ComputedRef<boolean>;
  readonly canShrink: ComputedRef<boolean>;
  /** @param steps 1 or -1. */
  readonly resize: (steps: number) => void;
  /** Turns the far pane round, or back. */
  readonly turn: () => void;
}

export function useViewOptions(): ViewOptions {
  const preferences = usePreferences<ViewPreferences>('interpreter-view', { size: 1, turned: false });
  const clamp = (size: number) => Math.max(0, Math.min(SIZES.length - 1, size));
  return {
    preferences,
    typeSize: computed(() => `${SIZES[clamp(preferences.size)] ?? SIZES[0]}rem`),
    canGrow: computed(() => preferences.size < SIZES.length - 1),
    canShrink: computed(() => preferences.size > 0),
    resize: (steps) => (preferences.size = clamp(preferences.size + steps)),
    turn: () => (preferences.turned = !preferences.turned),
  };
}

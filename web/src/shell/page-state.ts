/** What the places tell the frame around them. App creates it once and provides it to every component. */
import { inject, shallowReactive, shallowRef, type InjectionKey, type ShallowRef } from 'vue';
import type { InstallPrompt } from './install-prompt.js';

/** A mark beside the name of a place in the navigation. */
export interface Badge {
  /** Its meaning, for screen readers. */
  readonly label: string;
  /** A number to show; without one the badge is a dot. */
  readonly count?: number;
}

export interface Shortcut {
  /** As `KeyboardEvent.key` names it, with `Control+` or `Alt+` in front. */
  readonly keys: string;
  readonly name: () => string;
  readonly run: () => void;
}

export interface PageState {
  /** By the id of the place. */
  readonly badges: Map<string, () => Badge | undefined>;
  /** Each returns whether something would be lost if the page were closed now. */
  readonly unsaved: Set<() => boolean>;
  /** Dropped files that no place has taken yet. */
  readonly droppedFiles: ShallowRef<readonly File[]>;
  /** Those of the frame and of the place that is shown. */
  readonly shortcuts: Set<Shortcut>;
  /** Undefined where the browser does not offer to install the page. */
  readonly installPrompt: ShallowRef<InstallPrompt | undefined>;
}

export const PAGE_STATE: InjectionKey<PageState> = Symbol('page state');

export function createPageState(): PageState {
  return {
    badges: shallowReactive(new Map<string, () => Badge | undefined>()),
    unsaved: shallowReactive(new Set<() => boolean>()),
    droppedFiles: shallowRef([]),
    shortcuts: shallowReactive(new Set<Shortcut>()),
    installPrompt: shallowRef(),
  };
}

export function usePageState(): PageState {
  const state = inject(PAGE_STATE);
  if (state === undefined) throw new Error('usePageState() requires App as an ancestor');
  return state;
}

/** What the page knows of a place before it loads it: its name, its icon, its address. */
import type { Component } from 'vue';
import type { IconName, IconPath } from '../components/icon-paths.js';
import type { Localized } from '../i18n/locales.js';

export interface Place {
  /** The name of its folder in `places/`, and its address: `#/id`. */
  readonly id: string;
  /** Shown in the navigation and in the title of the window. */
  readonly name: Localized<string>;
  /** An icon of the page, or a line of its own on a 24 px grid. */
  readonly icon: IconName | IconPath;
  /** Its route where that has parameters, e.g. `/files/:file?`. */
  readonly path?: string;
  /** Files that are dropped anywhere come here; the component takes them with `useDroppedFiles`. */
  readonly takesFiles?: boolean;
  /** Loaded when the place is opened first, and kept alive from then on. */
  readonly component: () => Promise<{ default: Component }>;
}

export function definePlace(place: Place): Place {
  return place;
}

/** The address of a place, without parameters. */
export function addressOf({ id }: Place): string {
  return `/${id}`;
}

/** A bottom bar has five positions on a phone, the last of them "More" where that is needed. */
const BAR_POSITIONS = 5;

export function splitForBar(places: readonly Place[]): { shown: readonly Place[]; more: readonly Place[] } {
  const count = places.length <= BAR_POSITIONS ? BAR_POSITIONS : BAR_POSITIONS - 1;
  return { shown: places.slice(0, count), more: places.slice(count) };
}

declare module 'vue-router' {
  interface RouteMeta {
    readonly place?: Place;
  }
}

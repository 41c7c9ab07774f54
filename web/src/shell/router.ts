/** The addresses of the places: `#/translate`, and the older ones without a slash. */
import { createRouter, createWebHashHistory, type Router, type RouteRecordRaw } from 'vue-router';
import { places } from '../places/index.js';
import { addressOf, type Place } from './place.js';

/** Addresses of earlier versions of the page, which stand in bookmarks. */
const FORMER: Readonly<Record<string, string>> = { '/voice': '/interpreter', '/text': '/chat' };

export function createPageRouter(): Router {
  /** Where the window was scrolled to in each place. */
  const scrollTops = new Map<Place | undefined, number>();
  const router = createRouter({
    history: createWebHashHistory(),
    routes: [
      ...places.map((place): RouteRecordRaw => ({
        path: place.path ?? addressOf(place),
        component: place.component,
        meta: { place },
      })),
      ...Object.entries(FORMER).map(([path, redirect]) => ({ path, redirect })),
      { path: '/:unknown(.*)*', redirect: addressOf(firstPlace()) },
    ],
    scrollBehavior(to, from, savedPosition) {
      const { place } = to.meta;
      if (from.meta.place === undefined) return savedPosition ?? false;
      return place === from.meta.place ? false : { left: 0, top: scrollTops.get(place) ?? 0 };
    },
  });
  router.beforeResolve((_to, from) => {
    scrollTops.set(from.meta.place, scrollY);
  });
  return router;
}

function firstPlace(): Place {
  const [first] = places;
  if (first === undefined) throw new Error('places/index.ts lists no place');
  return first;
}

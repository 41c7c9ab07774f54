/** A place whose code could not be loaded: says so, and opens it when the service is back. */
import { shallowRef, watch, type ShallowRef } from 'vue';
import type { RouteLocationNormalized, Router } from 'vue-router';
import { AppError } from '../api/errors.js';
import type { CapabilitiesState } from './use-capabilities.js';

export interface LoadError {
  /** Undefined also while the service does not respond: then that is what is shown. */
  readonly loadError: ShallowRef<AppError | undefined>;
  readonly reload: () => void;
}

export function reportLoadErrors(
  router: Router,
  { capabilitiesError, loadCapabilities }: CapabilitiesState,
): LoadError {
  const loadError = shallowRef<AppError>();
  /** The place that could not be opened. */
  const wanted = shallowRef<RouteLocationNormalized>();

  router.onError(async (thrown: unknown, to) => {
    console.warn('a place was not loaded:', thrown);
    wanted.value = to;
    await loadCapabilities();
    // A service that responds without this code has been updated since; the new code is found by a reload.
    if (capabilitiesError.value === undefined) loadError.value = new AppError('page-outdated');
  });
  router.afterEach((_to, _from, failure) => {
    if (failure !== undefined) return;
    wanted.value = undefined;
    loadError.value = undefined;
  });
  watch(capabilitiesError, (error) => {
    // A failure comes back through onError.
    if (error === undefined && wanted.value !== undefined) router.push(wanted.value).catch(() => undefined);
  });

  function reload(): void {
    if (wanted.value !== undefined) location.hash = wanted.value.fullPath;
    location.reload();
  }

  return { loadError, reload };
}

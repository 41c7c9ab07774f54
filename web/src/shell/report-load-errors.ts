/** A place whose code could not be loaded, because the service is away or has been updated since. */
import { shallowRef, type ShallowRef } from 'vue';
import type { Router } from 'vue-router';
import { AppError } from '../api/errors.js';
import type { CapabilitiesState } from './use-capabilities.js';

export interface LoadError {
  readonly loadError: ShallowRef<AppError | undefined>;
  /** Loads the page anew at the place that was wanted. Browsers remember a module that failed, so only this helps. */
  readonly reload: () => void;
}

export function reportLoadErrors(router: Router, { loadCapabilities }: CapabilitiesState): LoadError {
  const loadError = shallowRef<AppError>();
  let wanted = '/';

  router.onError((thrown: unknown, to) => {
    console.warn('a place was not loaded:', thrown);
    wanted = to.fullPath;
    loadError.value = new AppError('place-not-loaded');
    // Where the service is away, that is what is shown, until it is back.
    void loadCapabilities();
  });
  router.afterEach((_to, _from, failure) => {
    if (failure === undefined) loadError.value = undefined;
  });

  function reload(): void {
    location.hash = wanted;
    location.reload();
  }

  return { loadError, reload };
}

/** What every component may ask for, made once in App and handed down. */
import { inject, type ComputedRef, type InjectionKey, type ShallowRef } from 'vue';
import type { Capabilities } from './api/capabilities.js';
import type { Service } from './api/service.js';
import type { Trouble } from './api/trouble.js';
import type { I18n } from './i18n/index.js';
import type { LanguageOffer } from './languages.js';

export interface Services {
  readonly service: Service;
  readonly database: Promise<IDBDatabase | undefined>;
  readonly i18n: I18n;
  /** Absent until the service has told. */
  readonly capabilities: ShallowRef<Capabilities | undefined>;
  readonly capabilitiesTrouble: ShallowRef<Trouble | undefined>;
  readonly loadCapabilities: () => Promise<void>;
  readonly offer: ComputedRef<LanguageOffer | undefined>;
}

export const SERVICES: InjectionKey<Services> = Symbol('services');

export function useServices(): Services {
  const services = inject(SERVICES);
  if (services === undefined) throw new Error('used outside of App');
  return services;
}

/** The page's words, for templates: `words.copy`. */
export function useWords(): I18n['messages'] {
  return useServices().i18n.messages;
}

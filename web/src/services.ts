/** What App creates once and provides to every component. */
import { computed, inject, type ComputedRef, type InjectionKey, type ShallowRef } from 'vue';
import type { Capabilities } from './api/capabilities.js';
import type { Service } from './api/service.js';
import type { AppError } from './api/errors.js';
import type { Messages } from './i18n/en.js';
import type { AudioInput } from './audio/audio-input.js';
import type { AudioOutput } from './audio/audio-output.js';
import type { I18n } from './i18n/index.js';
import type { OwnMessages } from './i18n/define-messages.js';
import type { LanguageOptions } from './language-options.js';
import type { ItemStore } from './store/item-store.js';

export interface Services {
  readonly service: Service;
  /** What every place keeps. */
  readonly items: ItemStore;
  /** The one microphone and the one loudspeaker of the page. */
  readonly audioInput: AudioInput;
  readonly audioOutput: AudioOutput;
  readonly i18n: I18n;
  /** Undefined until the service has responded. */
  readonly capabilities: ShallowRef<Capabilities | undefined>;
  readonly capabilitiesError: ShallowRef<AppError | undefined>;
  readonly loadCapabilities: () => Promise<void>;
  readonly languageOptions: ComputedRef<LanguageOptions | undefined>;
}

export const SERVICES: InjectionKey<Services> = Symbol('services');

export function useServices(): Services {
  const services = inject(SERVICES);
  if (services === undefined) throw new Error('useServices() requires App as an ancestor');
  return services;
}

/**
 * The messages in the current language, for templates: `t.copy`.
 * @param own messages of a place or part (`defineMessages`), which join the shared ones.
 */
export function useMessages(): ComputedRef<Messages>;
export function useMessages<M extends object>(own: OwnMessages<string, M>): ComputedRef<Messages & M>;
export function useMessages<M extends object>(own?: OwnMessages<string, M>): ComputedRef<Messages> {
  const { i18n } = useServices();
  return computed(() => ({ ...i18n.messages.value, ...(own && i18n.messagesOf(own)) }));
}

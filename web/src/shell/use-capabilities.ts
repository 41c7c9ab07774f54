/** Asks the service what it can do, and again by itself while it cannot be reached. */
import { useEventListener } from '@vueuse/core';
import { onScopeDispose, shallowRef, type ShallowRef } from 'vue';
import type { Capabilities } from '../api/capabilities.js';
import { toAppError, type AppError } from '../api/errors.js';
import type { Service } from '../api/service.js';

const FIRST_RETRY_MS = 2_000;
const MAX_RETRY_MS = 15_000;

export interface CapabilitiesState {
  /** Undefined until the service has responded; kept while it is away. */
  readonly capabilities: ShallowRef<Capabilities | undefined>;
  /** Why the service did not respond last time. */
  readonly capabilitiesError: ShallowRef<AppError | undefined>;
  /** Asks now. Never rejects. */
  readonly loadCapabilities: () => Promise<void>;
}

export function useCapabilities(service: Service): CapabilitiesState {
  const capabilities = shallowRef<Capabilities>();
  const capabilitiesError = shallowRef<AppError>();
  let loading: Promise<void> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let retryMs = FIRST_RETRY_MS;

  function loadCapabilities(): Promise<void> {
    clearTimeout(timer);
    loading ??= load().finally(() => (loading = undefined));
    return loading;
  }

  async function load(): Promise<void> {
    try {
      capabilities.value = await service.capabilities();
      capabilitiesError.value = undefined;
      retryMs = FIRST_RETRY_MS;
    } catch (thrown) {
      const error = toAppError(thrown);
      capabilitiesError.value = error;
      if (!canRecover(error)) return;
      const waitMs = Math.max(retryMs, (error.info.retryAfterSeconds ?? 0) * 1000);
      retryMs = Math.min(MAX_RETRY_MS, retryMs * 1.5);
      timer = setTimeout(() => void loadCapabilities(), waitMs);
    }
  }

  function retryNow(): void {
    const { value: error } = capabilitiesError;
    if (error !== undefined && canRecover(error) && !document.hidden) void loadCapabilities();
  }

  useEventListener(window, 'online', retryNow);
  useEventListener(document, 'visibilitychange', retryNow);
  onScopeDispose(() => {
    clearTimeout(timer);
  });
  return { capabilities, capabilitiesError, loadCapabilities };
}

/** A key that is missing or not accepted needs the user; asking again would only open the dialog again. */
function canRecover({ code }: AppError): boolean {
  return code !== 'unauthorized' && code !== 'forbidden';
}

/** The providers. A new one is a file beside this one, its line here and its variables in `.env.example`. */
import type { z } from 'zod';
import { dialects, type DialectName } from '../wire/index.js';
import { azure } from './azure.js';
import { cascade } from './cascade.js';
import { compatible } from './compatible.js';
import type { Endpoint } from './endpoint.js';
import type { IsolationLevel } from './isolation-level.js';
import { offline } from './offline.js';
import { openai } from './openai.js';
import type { Provider, ProviderTarget } from './provider.js';

/**
 * In the order in which their variables select them. Azure's key goes before OpenAI's: it is set for one resource on purpose,
 * while OPENAI_API_KEY is set in many shells, and what is meant for one company must not silently go to the other.
 */
const ALL = { azure, openai, compatible, cascade, offline };

export type ProviderName = keyof typeof ALL;
/** The settings of every provider, by its name. */
export type ProviderSettings = { readonly [N in ProviderName]: z.output<(typeof ALL)[N]['settings']> };
type ProvidersByName = { readonly [N in ProviderName]: Provider<N, ProviderSettings[N]> };

export const providers: ProvidersByName = ALL;
export const PROVIDER_NAMES = Object.keys(ALL) as readonly ProviderName[];
/** Selected where no variable selects another. */
export const DEFAULT_PROVIDER: ProviderName = 'offline';
/** The variables of all providers with their readers. */
export const PROVIDER_VARIABLES: Readonly<Record<string, z.ZodType>> = Object.fromEntries(
  PROVIDER_NAMES.flatMap((name) => Object.entries(providers[name].env)),
);

export interface UpstreamOptions extends ProviderSettings {
  readonly provider: ProviderName;
  readonly model: string;
  readonly dialect: DialectName;
  readonly isolation: IsolationLevel;
}

/** @param localUrl where the gateway's own server listens, for a provider that is `local`. */
export function resolveEndpoint(upstream: UpstreamOptions, localUrl?: string): Endpoint {
  const { provider, model, dialect } = upstream;
  return resolve(provider, upstream[provider], { model, dialect: dialects[dialect], localUrl });
}

function resolve<N extends ProviderName>(
  name: N,
  settings: ProviderSettings[N],
  target: ProviderTarget,
): Endpoint {
  return providers[name].resolve(settings, target);
}

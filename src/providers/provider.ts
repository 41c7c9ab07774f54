/** What a provider declares: its environment variables, when it is selected, how it is reached and what it can do. */
import type { z } from 'zod';
import type { Dialect, DialectName } from '../wire/index.js';
import type { Endpoint } from './endpoint.js';
import type { IsolationLevel } from './isolation-level.js';

/** The variables that are set, by name. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** What every provider resolves its settings with. */
export interface ProviderTarget {
  readonly model: string;
  readonly dialect: Dialect;
  /** The server that the gateway runs itself, for the providers that are `local`. */
  readonly localUrl: string | undefined;
}

/** What can be translated, as far as it depends on the provider. Tags are BCP 47. */
export interface ProviderCapabilities {
  readonly languages: 'any' | readonly { readonly source: string; readonly targets: readonly string[] }[];
  readonly chains: readonly (readonly string[])[];
  readonly speechSources: 'any' | readonly string[];
  /** Empty: not known, so any name is passed on. */
  readonly voices: readonly string[];
  /** Of a provider that is composed of parts: how each is run, and with which model. */
  readonly parts?: Readonly<Record<'stt' | 'translator' | 'tts', ProviderPart>>;
}

/** A part that recognises, translates or speaks. */
export interface ProviderPart {
  readonly kind: 'built-in' | 'http';
  readonly model?: string;
}

/** The part of a local server that knows what it can do. */
export interface LocalServer {
  capabilities(): Promise<ProviderCapabilities>;
}

export interface Provider<Name extends string, Settings> {
  /** The value of REALTIME_PROVIDER, and the name that clients see. */
  readonly name: Name;
  /** The variables that it alone uses, each with its reader. */
  readonly env: Readonly<Record<string, z.ZodType>>;
  /** Reads its settings from the environment. */
  readonly settings: z.ZodType<Settings>;
  /** It is selected where one of these is set and REALTIME_PROVIDER is not. Empty: by REALTIME_PROVIDER only. */
  readonly selectedBy: readonly string[];
  /** The variables that must be set to use it. */
  required(variables: Variables): readonly string[];
  /** @throws Error where a required variable is not set; `loadConfig` reports that first. */
  resolve(settings: Settings, target: ProviderTarget): Endpoint;
  /** How requests are kept apart on its sockets where REALTIME_ISOLATION is not set; absent: `reference`. */
  readonly isolation?: IsolationLevel;
  /** Whether the gateway runs the server itself, in this process. */
  readonly local: boolean;
  capabilities(
    dialect: DialectName,
    localServer: LocalServer | undefined,
  ): ProviderCapabilities | Promise<ProviderCapabilities>;
  /** The model that transcribes what is said in a conversation. */
  transcriptionModel(dialect: DialectName): string;
}

/** Infers the types of a provider from its literal. */
export function defineProvider<const Name extends string, Settings>(
  provider: Provider<Name, Settings>,
): Provider<Name, Settings> {
  return provider;
}

/** What a model that understands every language can do. */
export function anyLanguage(voices: readonly string[]): ProviderCapabilities {
  return { languages: 'any', chains: [], speechSources: 'any', voices };
}

export function requireValue<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

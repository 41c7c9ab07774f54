/** What this service can do (GET /api/capabilities), so that the page offers nothing else. */
import { isObject, textOf } from './json.js';

export interface Capabilities {
  readonly provider: string;
  readonly model: string;
  /** `any`: whatever the model knows. Else the pairs that are installed. */
  readonly languages: 'any' | readonly { readonly source: string; readonly targets: readonly string[] }[];
  /** Pairs reached by way of a third language, e.g. en → es → pt. */
  readonly chains: readonly (readonly string[])[];
  /** Languages that can be spoken rather than typed. */
  readonly speechSources: 'any' | readonly string[];
  readonly voices: readonly string[];
  /** Recordings that are taken, by their usual extensions. */
  readonly formats: readonly string[];
  readonly maxTextChars: number;
  readonly maxAudioSeconds: number;
  readonly maxUploadBytes: number;
}

/** The contract's own defaults, where the service leaves a limit out. */
const DEFAULTS = { maxTextChars: 20_000, maxAudioSeconds: 240, maxUploadBytes: 50 * 1024 * 1024 };

export function readCapabilities(body: Record<string, unknown>): Capabilities {
  const limits = isObject(body.limits) ? body.limits : {};
  const limit = (name: keyof typeof DEFAULTS) => {
    const value = limits[name];
    return typeof value === 'number' ? value : DEFAULTS[name];
  };
  return {
    provider: textOf(body.provider) ?? '',
    model: textOf(body.model) ?? '',
    languages: Array.isArray(body.languages) ? body.languages.filter(isObject).map(readPair) : 'any',
    chains: Array.isArray(body.chains) ? body.chains.map(strings) : [],
    speechSources: Array.isArray(body.speechSources) ? strings(body.speechSources) : 'any',
    voices: strings(body.voices),
    formats: strings(body.formats),
    maxTextChars: limit('maxTextChars'),
    maxAudioSeconds: limit('maxAudioSeconds'),
    maxUploadBytes: limit('maxUploadBytes'),
  };
}

/** What a file chooser offers: whatever the system takes for sound, and the service's formats, some of which are films. */
export function acceptedFiles(formats: readonly string[]): string {
  return ['audio/*', ...formats.map((format) => `.${format}`)].join(',');
}

function readPair(pair: Record<string, unknown>): { source: string; targets: string[] } {
  return { source: textOf(pair.source) ?? '', targets: strings(pair.targets) };
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}

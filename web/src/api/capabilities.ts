/** What this service supports (GET /api/capabilities); the page offers nothing else. */
import { isObject, nonEmptyString } from './json.js';

export interface Capabilities {
  readonly provider: string;
  readonly model: string;
  /** `any`: whatever the model knows. Otherwise the installed pairs. */
  readonly languages: 'any' | readonly { readonly source: string; readonly targets: readonly string[] }[];
  /** Pairs that are translated through a third language, e.g. en → es → pt. */
  readonly chains: readonly (readonly string[])[];
  /** Languages that can be spoken rather than typed. */
  readonly speechSources: 'any' | readonly string[];
  readonly voices: readonly string[];
  /** Accepted recordings, by their usual extensions. */
  readonly formats: readonly string[];
  readonly maxTextChars: number;
  readonly maxAudioSeconds: number;
  readonly maxUploadBytes: number;
}

/** The documented defaults, for limits that the service does not state. */
const DEFAULTS = { maxTextChars: 20_000, maxAudioSeconds: 240, maxUploadBytes: 50 * 1024 * 1024 };

export function parseCapabilities(body: Record<string, unknown>): Capabilities {
  const limits = isObject(body.limits) ? body.limits : {};
  const limit = (name: keyof typeof DEFAULTS) => {
    const value = limits[name];
    return typeof value === 'number' ? value : DEFAULTS[name];
  };
  return {
    provider: nonEmptyString(body.provider) ?? '',
    model: nonEmptyString(body.model) ?? '',
    languages: Array.isArray(body.languages) ? body.languages.filter(isObject).map(parsePair) : 'any',
    chains: Array.isArray(body.chains) ? body.chains.map(stringsIn) : [],
    speechSources: Array.isArray(body.speechSources) ? stringsIn(body.speechSources) : 'any',
    voices: stringsIn(body.voices),
    formats: stringsIn(body.formats),
    maxTextChars: limit('maxTextChars'),
    maxAudioSeconds: limit('maxAudioSeconds'),
    maxUploadBytes: limit('maxUploadBytes'),
  };
}

/** `accept` of the file input: all audio, and the service's formats, some of which are video. */
export function acceptAttribute(formats: readonly string[]): string {
  return ['audio/*', ...formats.map((format) => `.${format}`)].join(',');
}

function parsePair(pair: Record<string, unknown>): { source: string; targets: string[] } {
  return { source: nonEmptyString(pair.source) ?? '', targets: stringsIn(pair.targets) };
}

function stringsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}

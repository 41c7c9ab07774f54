/** What this service supports (GET /api/capabilities); the page offers nothing else. */
import type { components } from './openapi.js';

export interface UploadLimits {
  readonly maxUploadBytes: number;
  readonly maxAudioSeconds: number;
}

type Described = components['schemas']['Capabilities'];

/** `languages`: `any` is whatever the model knows, else the installed pairs. `maxConcurrent`: 0 is not known. */
export interface Capabilities extends Omit<Described, 'dialect' | 'limits'>, UploadLimits {
  readonly maxTextChars: number;
  /** Of recordings in segments: jobs, and translations without a spoken reply. */
  readonly maxRecordingSeconds: number;
  readonly maxRecordingBytes: number;
  /** How many jobs are kept for a key. */
  readonly maxJobs: number;
}

/** The documented defaults, for limits that the service does not state. */
const DEFAULTS = { maxTextChars: 20_000, maxAudioSeconds: 240, maxUploadBytes: 50 * 1024 * 1024 };

/** What an older service leaves out has defaults that forbid nothing. */
export function parseCapabilities(body: Partial<Described>): Capabilities {
  const { limits = {}, ...described } = body;
  const limit = (name: keyof typeof DEFAULTS) => limits[name] ?? DEFAULTS[name];
  const { maxRecordingSeconds = limit('maxAudioSeconds'), maxRecordingBytes = limit('maxUploadBytes') } =
    limits;
  return {
    provider: '',
    model: '',
    isolation: 'reference',
    maxConcurrent: 0,
    languages: 'any',
    chains: [],
    speechSources: 'any',
    voices: [],
    formats: [],
    ...described,
    maxTextChars: limit('maxTextChars'),
    maxAudioSeconds: limit('maxAudioSeconds'),
    maxUploadBytes: limit('maxUploadBytes'),
    maxRecordingSeconds,
    maxRecordingBytes,
    maxJobs: limits.maxJobs ?? Infinity,
  };
}

/** `accept` of the file input: all audio, and the service's formats, some of which are video. */
export function acceptAttribute(formats: readonly string[]): string {
  return ['audio/*', ...formats.map((format) => `.${format}`)].join(',');
}

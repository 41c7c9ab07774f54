/** Limits of what clients send, as the API documents them. */
import type { Config } from '../config/config.js';
import { MAX_PROMPT_CHARS } from '../session/profile.js';

const KIB = 1_024;
const MIB = 1_024 * KIB;

/** JSON and forms. */
export const MAX_TEXT_BODY_BYTES = MIB;
export const MAX_FORM_FIELDS = 20;
export const MAX_FORM_FIELD_BYTES = 256 * KIB;
export const MIN_SESSION_TTL_MS = 1_000;
export const MAX_SESSION_TTL_MS = 86_400_000;
export const DEFAULT_PAGE_SIZE = 50;
export const MAX_PAGE_SIZE = 200;

/** The largest multipart body: the recording, the fields, and 1 MiB for the headers between them. */
export function maxFormBytes(config: Config): number {
  return config.audio.maxUploadBytes + MAX_FORM_FIELDS * MAX_FORM_FIELD_BYTES + MIB;
}

/** `262144` → `256 kB`. */
export function kilobytes(bytes: number): string {
  return `${Math.round(bytes / KIB)} kB`;
}

/** `52428800` → `50 MB`. */
export function megabytes(bytes: number): string {
  return `${Math.round((bytes / MIB) * 100) / 100} MB`;
}

/** The limits in `/api/capabilities`. */
export function describeLimits(config: Config): Record<string, number> {
  return {
    maxTextChars: config.translation.maxTextChars,
    maxPromptChars: MAX_PROMPT_CHARS,
    maxAudioSeconds: config.audio.maxSeconds,
    maxRecordingSeconds: config.audio.maxRecordingSeconds,
    maxUploadBytes: config.audio.maxUploadBytes,
    maxRecordingBytes: config.audio.maxUploadBytes,
    maxBodyBytes: MAX_TEXT_BODY_BYTES,
    maxFields: MAX_FORM_FIELDS,
    maxFieldBytes: MAX_FORM_FIELD_BYTES,
    minSessionTtlMs: MIN_SESSION_TTL_MS,
    maxSessionTtlMs: MAX_SESSION_TTL_MS,
    maxSessions: config.sessions.max,
    rateLimitPerMinute: config.access.rateLimitPerMinute,
    maxConcurrentPerKey: config.access.maxConcurrentPerKey,
    maxJobs: config.jobs.maxPerKey,
  };
}

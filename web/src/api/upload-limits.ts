/** Checks a file against the limits of the service before it is uploaded, as far as the browser can tell. */
import type { Capabilities, UploadLimits } from './capabilities.js';
import { AppError } from './errors.js';

/** A browser that cannot read the file may never say so; then the service has to. */
const METADATA_TIMEOUT_MS = 3_000;
/** Metadata is rounded; the service cuts no one off for less. */
const TOLERANCE_SECONDS = 1;
/** What is larger takes minutes to send, and is translated as a job. */
export const ONE_REQUEST_BYTES = 50 * 1024 * 1024;

/** @returns why the service would refuse it; undefined if it probably would not. */
export async function checkUpload(file: Blob, limits: UploadLimits): Promise<AppError | undefined> {
  if (file.size > limits.maxUploadBytes) return new AppError('payload-too-large');
  const seconds = await readDuration(file);
  if (seconds !== undefined && seconds > limits.maxAudioSeconds + TOLERANCE_SECONDS)
    return new AppError('audio-too-long');
  return undefined;
}

/** Checks it against the limits of recordings in segments. */
export function checkRecording(file: Blob, limits: Capabilities): Promise<AppError | undefined> {
  const { maxRecordingBytes: maxUploadBytes, maxRecordingSeconds: maxAudioSeconds } = limits;
  return checkUpload(file, { maxUploadBytes, maxAudioSeconds });
}

/** Whether it takes longer to translate than anyone waits for an answer, as far as the browser can tell. */
export async function isLong(file: Blob, { maxAudioSeconds }: Capabilities): Promise<boolean> {
  return (await checkUpload(file, { maxUploadBytes: ONE_REQUEST_BYTES, maxAudioSeconds })) !== undefined;
}

/** In seconds, from the metadata of audio or video; undefined where the browser cannot read it. */
export async function readDuration(file: Blob): Promise<number | undefined> {
  const media = document.createElement('audio');
  const url = URL.createObjectURL(file);
  try {
    return await new Promise((resolve) => {
      const timer = setTimeout(() => {
        resolve(undefined);
      }, METADATA_TIMEOUT_MS);
      const settle = () => {
        clearTimeout(timer);
        resolve(Number.isFinite(media.duration) ? media.duration : undefined);
      };
      media.onloadedmetadata = settle;
      media.onerror = settle;
      media.preload = 'metadata';
      media.src = url;
    });
  } finally {
    media.removeAttribute('src');
    URL.revokeObjectURL(url);
  }
}

/** The faults of the folder of jobs, as errors for clients. */
import { toStorageError } from '../audio/sample-file.js';
import { GatewayError, isError } from '../errors.js';

export function jobNotFound(): GatewayError {
  return new GatewayError(
    'job-not-found',
    'There is no such job: it expired, was deleted or never existed. Send the recording again for a new one.',
  );
}

/** Maps errors of the file system to errors for clients; returns any other error unchanged. */
export function toStoreError(error: unknown): unknown {
  if (error instanceof GatewayError || systemErrorCode(error) === '') return error;
  const storageError = toStorageError(error);
  if (storageError !== error) return storageError;
  return new GatewayError(
    'store-unavailable',
    'The folder of jobs cannot be used. Try again shortly; if it happens again, tell the operator to look at JOBS_DIR.',
    { cause: error },
  );
}

export function isMissing(error: unknown): boolean {
  return systemErrorCode(error) === 'ENOENT';
}

/** @returns the code of an error of the file system, else an empty string. */
export function systemErrorCode(error: unknown): string {
  return isError(error) && 'code' in error ? String(error.code) : '';
}

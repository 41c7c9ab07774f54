/** What can be wrong with the folder of jobs, as errors for clients. */
import { toStorageError } from '../audio/sample-file.js';
import { GatewayError, isError } from '../errors.js';

export function jobNotFound(): GatewayError {
  return new GatewayError(
    'job-not-found',
    'There is no such job: it expired, was deleted or never existed. Send the recording again for a new one.',
  );
}

/** As what a client is told of a fault of the folder; an error that is none of it stays as it is. */
export function toStoreError(error: unknown): unknown {
  if (error instanceof GatewayError || codeOfSystem(error) === '') return error;
  const storageError = toStorageError(error);
  if (storageError !== error) return storageError;
  return new GatewayError(
    'store-unavailable',
    'The folder of jobs cannot be used. Try again shortly; if it happens again, tell the operator to look at JOBS_DIR.',
    { cause: error },
  );
}

export function isMissing(error: unknown): boolean {
  return codeOfSystem(error) === 'ENOENT';
}

/** @returns the code of an error of the file system, else an empty text. */
export function codeOfSystem(error: unknown): string {
  return isError(error) && 'code' in error ? String(error.code) : '';
}

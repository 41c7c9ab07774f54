/** Writes samples to a file while they are consumed: a chunk is in the file before the consumer receives it. */
import { open, rm } from 'node:fs/promises';
import { GatewayError, isError } from '../errors.js';

/** No space is left on the disk, or in the quota of this user. */
const DISK_FULL_CODES: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);

/**
 * Yields each chunk once it is written. The file stays only if all chunks have been written and consumed: it is removed on an
 * error, on an abort, and when the consumer leaves the loop.
 *
 * @param path of the file; one that exists is replaced.
 * @throws GatewayError `storage-full` when the disk is full; whatever `chunks` throws.
 */
export async function* writeSampleFile(
  chunks: AsyncIterable<Buffer>,
  path: string,
): AsyncGenerator<Buffer, void, void> {
  const file = await open(path, 'w').catch((error: unknown) => {
    throw toStorageError(error);
  });
  let isComplete = false;
  try {
    for await (const chunk of chunks) {
      await file.appendFile(chunk).catch((error: unknown) => {
        throw toStorageError(error);
      });
      yield chunk;
    }
    isComplete = true;
  } finally {
    await file.close();
    if (!isComplete) await rm(path, { force: true });
  }
}

/** @returns `storage-full` for a full disk, any other error unchanged. */
export function toStorageError(error: unknown): unknown {
  if (!isError(error) || !('code' in error) || !DISK_FULL_CODES.has(error.code)) return error;
  return new GatewayError(
    'storage-full',
    'The server has no space left for this recording; try again later, or ask for old jobs to be deleted.',
    { cause: error },
  );
}

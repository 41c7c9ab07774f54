/** Writes samples to a file while they are used: whatever reads a chunk finds it in the file already. */
import { open, rm } from 'node:fs/promises';
import { GatewayError, isError } from '../errors.js';

/** No space is left, or none that this user may use. */
const FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);

/**
 * Yields each chunk once it is written. The file stays only when all chunks have come: an error, an abort or a consumer that
 * leaves removes it.
 *
 * @param path of a file that does not exist, or is replaced.
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
  if (!isError(error) || !('code' in error) || !FULL.has(error.code)) return error;
  return new GatewayError(
    'storage-full',
    'The server has no space left for this recording; try again later, or ask for old jobs to be deleted.',
    { cause: error },
  );
}

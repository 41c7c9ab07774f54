/** Opens a recording for a process that inherits it as its standard input. */
import { open, type FileHandle } from 'node:fs/promises';

/**
 * @param startsAt the position from which the process reads on; absent: the process reopens its standard input in order to
 *   seek, for which it needs read permission if it runs as another user.
 */
export async function openInputFile(
  path: string,
  startsAt: number | undefined,
  changesUser: boolean,
): Promise<FileHandle> {
  const file = await open(path);
  if (startsAt !== undefined) await file.read(Buffer.allocUnsafe(startsAt), 0, startsAt, null);
  else if (changesUser) await file.chmod(0o644);
  return file;
}

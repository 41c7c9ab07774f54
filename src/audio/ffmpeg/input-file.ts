/** What a process decodes, and how it opens a recording that the process inherits as its standard input. */
import { open, type FileHandle } from 'node:fs/promises';
import type { Encoding } from './arguments.js';

/** The source of a decode. */
export interface DecodeInput {
  readonly encoding: Encoding;
  /** The file; absent: the recording is in memory, and streamable. */
  readonly path?: string | undefined;
  /** Streams what to decode: the container, or the bare samples. */
  readonly read: () => AsyncIterable<Buffer>;
  /** Offset of what to decode, if it extends to the end of the file; otherwise absent. */
  readonly startsAt?: number | undefined;
  /** Whether it may have several audio tracks, of which its container can mark one as default. */
  readonly mayHaveSeveralTracks?: boolean;
}

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

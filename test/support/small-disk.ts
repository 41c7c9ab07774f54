/** A disk that is soon full: a file system in memory of a few megabytes. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly folder: string;
  /** To be called once nothing on it is open. */
  close(): Promise<void>;
}

/** @returns undefined where this user may not mount. */
export async function mountSmallDisk(megabytes: number): Promise<SmallDisk | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'small-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
  if (status !== 0) {
    await rm(folder, { recursive: true });
    return undefined;
  }
  return {
    folder,
    close: async () => {
      const unmounted = spawnSync('umount', [folder]);
      if (unmounted.status !== 0) throw new Error(`${folder} is still in use: ${String(unmounted.stderr)}`);
      await rm(folder, { recursive: true });
    },
  };
}

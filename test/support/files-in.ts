/** What a service has left in its folder. The folder of jobs, and what names its volume, stay as long as the folder does. */
import { readdir } from 'node:fs/promises';

/** @returns the names of all files in it, at any depth. */
export async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory() && entry.name !== 'volume').map(({ name }) => name);
}

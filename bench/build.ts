/** Builds the service, which is measured as it is deployed: compiled, without a loader. */
import { execFile } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Compiles src/ to dist/ unless dist/ is newer. */
export async function buildService(): Promise<void> {
  const built = await stat(path.join(ROOT, 'dist/main.js')).catch(() => undefined);
  const names = await readdir(path.join(ROOT, 'src'), { recursive: true });
  const sources = await Promise.all(names.map((name) => stat(path.join(ROOT, 'src', name))));
  if (built !== undefined && sources.every(({ mtimeMs }) => mtimeMs < built.mtimeMs)) return;
  process.stderr.write('building dist/\n');
  const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc');
  await promisify(execFile)(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: ROOT });
}

/** @returns the flags of Node with which `npm start` runs the service. */
export async function startFlags(): Promise<string[]> {
  const { scripts } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as {
    scripts: { start: string };
  };
  return scripts.start.split(' ').filter((word) => word.startsWith('--'));
}

/** Where results go: standard output, or files that are never overwritten unasked. */
import { mkdir, open, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { AnswerFormat } from '../client/index.js';
import { UsageError, type CommandOptions } from './arguments.js';
import type { RecordingFile } from './inputs.js';

/** One result of an input. */
export interface PlannedResult {
  /** Absent: as the service decides. */
  readonly target: string | undefined;
  /** Absent: standard output. */
  readonly path: string | undefined;
}

const EXTENSIONS: Readonly<Record<AnswerFormat, string>> = {
  text: 'txt',
  srt: 'srt',
  vtt: 'vtt',
  json: 'json',
  verbose_json: 'json',
};

/**
 * The results of each input, one for each target.
 *
 * @param isSingleInput whether one input was named, and no folder: its result goes to standard output.
 * @throws UsageError if several results would go to the one file of `--output`, or to standard output.
 */
export async function planResults(
  inputs: readonly Pick<RecordingFile, 'folder' | 'base'>[],
  { output, to, format = 'text' }: Pick<CommandOptions, 'output' | 'to' | 'format'>,
  isSingleInput: boolean,
): Promise<PlannedResult[][]> {
  const targets = to.length === 0 ? [undefined] : to;
  const count = inputs.length * targets.length;
  const fileName = (base: string, target: string | undefined): string =>
    [base, ...(target === undefined ? [] : [target]), EXTENSIONS[format]].join('.');
  const place = (name: (input: (typeof inputs)[0], target: string | undefined) => string | undefined) =>
    inputs.map((input) => targets.map((target) => ({ target, path: name(input, target) })));

  if (output === undefined) {
    if (isSingleInput && count === 1) return place(() => undefined);
    return place(({ folder, base }, target) => path.join(folder, fileName(path.basename(base), target)));
  }
  if (output === '-') {
    if (count > 1)
      throw new UsageError(`Standard output takes one result, and here are ${count}: name a folder.`);
    return place(() => undefined);
  }
  if (output.endsWith('/') || output.endsWith(path.sep) || (await isFolder(output)))
    return place(({ base }, target) => path.join(output, fileName(base, target)));
  if (count > 1)
    throw new UsageError(
      `--output ${output} is one file, and here are ${count} results: name a folder (\`${output}/\`).`,
    );
  return place(() => output);
}

/** @returns the absolute paths that more than one result has. */
export function duplicatePaths(planned: readonly PlannedResult[][]): ReadonlySet<string> {
  const paths = planned.flat().flatMap(({ path: file }) => (file === undefined ? [] : [path.resolve(file)]));
  return new Set(paths.filter((file, at) => paths.indexOf(file) !== at));
}

export async function exists(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined)) !== undefined;
}

async function isFolder(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined))?.isDirectory() ?? false;
}

/** Writes a whole file or none. @throws Error with code `EEXIST` if there is one that may not be replaced. */
export async function writeResult(
  file: string,
  content: string | Uint8Array,
  overwrite: boolean,
): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const handle = await open(file, overwrite ? 'w' : 'wx');
  try {
    await handle.writeFile(content);
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

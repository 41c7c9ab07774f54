/** The recordings that are named on the command line: files, folders with all that is in them, standard input. */
import { createWriteStream, openAsBlob } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

export interface RecordingFile {
  /** As it is shown and sent. */
  readonly name: string;
  /** Of the file to be sent; undefined for standard input. */
  readonly file: string | undefined;
  /** Where a result goes beside it. */
  readonly folder: string;
  /** Its place below the folder that was named, without extension: `season 1/film`. A result in another folder has it too. */
  readonly base: string;
}

export interface FoundInputs {
  readonly recordings: readonly RecordingFile[];
  /** Files in folders that are neither sound nor film. */
  readonly skipped: readonly string[];
  /** A message for each path that cannot be read. */
  readonly faults: readonly string[];
}

/** Other names of formats that the service lists by their usual one. */
const OTHER_EXTENSIONS = ['aif', 'aifc', 'm4b', 'm4v', 'oga', 'ogv', '3gp', 'mpg', 'mpeg'];

/**
 * A file that is named is taken whatever its extension; of a folder, the files whose extension is that of a recording,
 * without hidden ones.
 *
 * @param listFormats fetches the extensions that the service takes; called only if there is a folder. Its errors are thrown.
 */
export async function findInputs(
  paths: readonly string[],
  listFormats: () => Promise<readonly string[]>,
): Promise<FoundInputs> {
  const recordings: RecordingFile[] = [];
  const skipped: string[] = [];
  const faults: string[] = [];
  let extensions: ReadonlySet<string> | undefined;
  for (const given of paths) {
    if (given === '-') {
      recordings.push({ name: 'stdin', file: undefined, folder: '.', base: 'stdin' });
      continue;
    }
    let files: string[] | undefined;
    try {
      files = (await stat(given)).isDirectory() ? await filesBelow(given) : undefined;
    } catch (error) {
      faults.push(faultOf(given, error));
      continue;
    }
    if (files === undefined) {
      recordings.push(recordingAt(given, path.dirname(given)));
      continue;
    }
    extensions ??= new Set([...(await listFormats()), ...OTHER_EXTENSIONS]);
    for (const file of files) {
      if (extensions.has(path.extname(file).slice(1).toLowerCase()))
        recordings.push(recordingAt(file, given));
      else skipped.push(file);
    }
  }
  return { recordings, skipped, faults };
}

function faultOf(given: string, error: unknown): string {
  if (!(error instanceof Error)) throw error;
  const isMissing = 'code' in error && error.code === 'ENOENT';
  return `${given}: ${isMissing ? 'there is no such file or folder.' : error.message}`;
}

function recordingAt(file: string, root: string): RecordingFile {
  const relative = path.relative(root, file);
  const { dir, name } = path.parse(relative);
  return { name: file, file, folder: path.dirname(file), base: path.join(dir, name) };
}

/** In the order of their names. Links to files are followed, links to folders are not, for they may lead in a circle. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.sort((a, b) => a.name.localeCompare(b.name))) {
    if (entry.name.startsWith('.')) continue;
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await filesBelow(file)));
    else if (entry.isFile() || (entry.isSymbolicLink() && (await isFile(file)))) found.push(file);
  }
  return found;
}

async function isFile(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined))?.isFile() ?? false;
}

/** A file that is read from the disk while it is sent, and reports how much of it has been read. */
class ProgressFile extends File {
  readonly #onRead: (bytes: number) => void;

  constructor(content: Blob, name: string, onRead: (bytes: number) => void) {
    super([content], name);
    this.#onRead = onRead;
  }

  override stream() {
    let read = 0;
    const counter = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        read += chunk.byteLength;
        this.#onRead(read);
        controller.enqueue(chunk);
      },
    });
    return super.stream().pipeThrough(counter);
  }
}

export interface OpenedRecording {
  readonly file: File;
  /** Removes what was made for it. */
  close(): Promise<void>;
}

/** @param onRead how many bytes have been read to be sent; less than before if they are sent again. */
export async function openRecordingFile(
  { name, file }: RecordingFile,
  stdin: NodeJS.ReadableStream,
  onRead: (bytes: number) => void,
  signal: AbortSignal,
): Promise<OpenedRecording> {
  if (file !== undefined) {
    const progressFile = new ProgressFile(await openAsBlob(file), path.basename(file), onRead);
    return { file: progressFile, close: () => Promise.resolve() };
  }
  // A pipe has no length and can be read once. A file has a length, can be sent again, and needs no memory.
  const folder = await mkdtemp(path.join(tmpdir(), 'realtime-translate-'));
  const close = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const stored = path.join(folder, 'stdin');
    await pipeline(stdin, createWriteStream(stored), { signal });
    return { file: new ProgressFile(await openAsBlob(stored), name, onRead), close };
  } catch (error) {
    await close();
    throw error;
  }
}

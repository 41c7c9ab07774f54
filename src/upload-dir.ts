/**
 * A folder in which things are put together: names of unfinished files and folders, the check at startup, and the removal
 * of what ended processes left in it. There is one for uploads, and one for jobs.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isError } from './errors.js';

/**
 * `upload-HOST-PID-START-RANDOM`: the name identifies the writer, so that several services may share a folder and still
 * remove what a killed one left. HOST stands for a host name and a PID namespace: containers may share the host's name
 * (as with its network) but number their processes from 1. START distinguishes processes that had the same PID.
 */
const NAME = /^upload-([0-9a-f]{8})-(\d+)-([0-9a-z]+)-[0-9a-f]{32}$/;
/** What is written to take the place of a file has that file's name before its own. */
const REPLACED = /^.*\.(?=upload-)/;

/** A file of another machine counts as left behind once it is this old: no upload is in use for that long. */
const STALE_MS = 3_600_000;

interface Writer {
  readonly host: string;
  readonly pid: number;
  readonly start: string;
}

function thisProcess(): Writer {
  return {
    host: createHash('sha256').update(`${hostname()} ${pidNamespace()}`).digest('hex').slice(0, 8),
    pid: process.pid,
    start: Math.round(performance.timeOrigin).toString(36),
  };
}

/** The PID namespace on Linux, unique among live ones. Elsewhere a host has only one. */
function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** Generates names for new uploads; they contain nothing that the client sent. */
export function createUploadNamer(): () => string {
  const { host, pid, start } = thisProcess();
  return () => `upload-${host}-${pid}-${start}-${randomBytes(16).toString('hex')}`;
}

/**
 * Creates the folder if needed, checks that it is writable, and removes the uploads of processes that have ended. Files
 * that are not named like uploads (`.gitkeep`) stay.
 *
 * @param variable of the environment that names the folder.
 * @returns how many were removed.
 * @throws Error that names the variable if the folder cannot be used.
 */
export async function sweepUploads(
  dir: string,
  variable: 'UPLOAD_DIR' | 'JOBS_DIR' = 'UPLOAD_DIR',
): Promise<number> {
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const probe = join(dir, createUploadNamer()());
    await writeFile(probe, '', { flag: 'wx' });
    await rm(probe);
  } catch (error) {
    throw new Error(
      `${variable} "${dir}" cannot be used for uploads (${codeOf(error)}). Make it a folder that this user may write.`,
      { cause: error },
    );
  }
  // Only jobs are folders: one among the uploads is not ours, whatever its name.
  const recursive = variable === 'JOBS_DIR';
  let removed = 0;
  for (const name of await readdir(dir)) removed += await removeLeftBehind(dir, name, name, recursive);
  return removed;
}

/**
 * Removes what ended processes wrote to take the place of files of this folder, which may be gone.
 *
 * @returns how many were removed.
 */
export async function sweepReplacements(dir: string): Promise<number> {
  let removed = 0;
  for (const name of await namesIn(dir)) {
    const written = name.replace(REPLACED, '');
    if (written !== name) removed += await removeLeftBehind(dir, name, written, false);
  }
  return removed;
}

/** @returns 1 where it was removed, else 0. */
async function removeLeftBehind(
  dir: string,
  name: string,
  written: string,
  recursive: boolean,
): Promise<number> {
  const path = join(dir, name);
  if (!(await isLeftBehind(written, path))) return 0;
  await rm(path, { recursive, force: true });
  return 1;
}

/** Removes this process's uploads: for shutdown, after every connection is closed and no upload is read. */
export async function removeOwnUploads(dir: string): Promise<void> {
  const us = thisProcess();
  for (const name of await namesIn(dir)) {
    const [, host, pid, start] = NAME.exec(name) ?? [];
    if (host === us.host && Number(pid) === us.pid && start === us.start)
      await rm(join(dir, name), { recursive: true, force: true });
  }
}

async function isLeftBehind(name: string, path: string): Promise<boolean> {
  const [, host, pidText, start] = NAME.exec(name) ?? [];
  if (host === undefined) return false;
  const us = thisProcess();
  const pid = Number(pidText);
  if (host === us.host) {
    if (pid === us.pid) return start !== us.start;
    if (!isRunning(pid)) return true;
  }
  return await isOld(path);
}

/** Signal 0 only checks; EPERM means that the process exists and belongs to another user. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}

/** A missing folder has no uploads; it must not stop a shutdown. */
async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** A missing file is not old: another service may have removed it at its own start. */
async function isOld(path: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(path)).mtimeMs > STALE_MS;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

function codeOf(error: unknown): string {
  return isError(error) && 'code' in error ? String(error.code) : String(error);
}

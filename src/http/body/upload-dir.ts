/** The folder where recordings land: its files' names, its state at the start, and what a dead process left in it. */
import { createHash, randomBytes } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isError } from '../../errors.js';

/**
 * `upload-HOST-PID-START-RANDOM`: who writes the file can be read from its name, so that several services may share a
 * folder and still clear away what a killed one left. HOST is a host's own numbering of processes: containers that have
 * its name (as with its network) count theirs from 1 all the same. START tells two processes apart that were given the
 * same id one after the other.
 */
const NAME = /^upload-([0-9a-f]{8})-(\d+)-([0-9a-z]+)-[0-9a-f]{32}$/;

/** A file of another machine is known to be left behind only by its age: none is written or read for so long. */
const STALE_MS = 3_600_000;

interface Writer {
  readonly host: string;
  readonly pid: number;
  readonly start: string;
}

function thisProcess(): Writer {
  return {
    host: createHash('sha256').update(`${hostname()} ${processNumbering()}`).digest('hex').slice(0, 8),
    pid: process.pid,
    start: Math.round(performance.timeOrigin).toString(36),
  };
}

/** Linux names it; of two that live at a time it names no two alike. Elsewhere a host has one only. */
function processNumbering(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** Makes names for new uploads; nothing of what the client sent is in them. */
export function createUploadNamer(): () => string {
  const { host, pid, start } = thisProcess();
  return () => `upload-${host}-${pid}-${start}-${randomBytes(16).toString('hex')}`;
}

/**
 * Makes the folder if there is none, makes sure that it can be written, and deletes the uploads of processes that are
 * no more. Files that no upload's name could have been (`.gitkeep`) stay.
 *
 * @returns how many files were deleted.
 * @throws Error that names UPLOAD_DIR, when the folder cannot be used.
 */
export async function sweepUploads(dir: string): Promise<number> {
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const probe = join(dir, createUploadNamer()());
    await writeFile(probe, '', { flag: 'wx' });
    await rm(probe);
  } catch (error) {
    throw new Error(
      `UPLOAD_DIR "${dir}" cannot be used for uploads (${codeOf(error)}). Make it a folder that this user may write.`,
      { cause: error },
    );
  }
  let deleted = 0;
  for (const name of await readdir(dir)) {
    const path = join(dir, name);
    if (await isLeftBehind(name, path)) {
      await rm(path, { force: true });
      deleted += 1;
    }
  }
  return deleted;
}

/** Deletes what this process still has there: for its end, when every connection is closed and nobody reads an upload. */
export async function removeOwnUploads(dir: string): Promise<void> {
  const us = thisProcess();
  for (const name of await namesIn(dir)) {
    const [, host, pid, start] = NAME.exec(name) ?? [];
    if (host === us.host && Number(pid) === us.pid && start === us.start)
      await rm(join(dir, name), { force: true });
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

/** Signal 0 only asks; EPERM says that there is such a process and that it is another user's. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}

/** A folder that is gone holds nothing of ours: a stop goes on. */
async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** A file that is gone meanwhile is not old: another service that starts sweeps too. */
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

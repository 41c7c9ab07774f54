/** The external programs that a process has started, read from /proc. */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

interface Entry {
  readonly pid: number;
  readonly name: string;
  readonly parent: number;
  /** Each pipeline is a session of its own, named after its shell; it keeps that name when the shell is gone. */
  readonly session: number;
}

async function readEntries(): Promise<Entry[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const entries = await Promise.all(pids.map(readEntry));
  return entries.filter((entry) => entry !== undefined);
}

async function readEntry(pid: string): Promise<Entry | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined);
  if (stat === undefined) return undefined; // The process has exited meanwhile.
  const [, name = '', rest = ''] = /\((.*)\) (.*)/s.exec(stat) ?? [];
  const [state, parent, , session] = rest.split(' ');
  if (state === 'Z' || state === 'X') return undefined;
  return { pid: Number(pid), name, parent: Number(parent), session: Number(session) };
}

/** The running pipelines that a process has started. */
export async function pipelinesOf(parent: number = process.pid): Promise<number[]> {
  const entries = await readEntries();
  return entries.filter((each) => each.parent === parent && each.session === each.pid).map(({ pid }) => pid);
}

/** Names of the running programs of these pipelines. */
export async function programsIn(pipelines: readonly number[]): Promise<string[]> {
  const entries = await readEntries();
  return entries.filter(({ session }) => pipelines.includes(session)).map(({ name }) => name);
}

/** Polls until the value satisfies `isSo`; rejects with the last value if that takes too long. */
export async function eventually<T>(
  look: () => T | Promise<T>,
  isSo: (seen: T) => boolean,
  withinMs = 10_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (isSo(seen)) return seen;
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(seen)} after ${withinMs} ms`);
    await wait(10);
  }
}

/** Resolves once no program of these pipelines is running. */
export async function untilGone(pipelines: readonly number[]): Promise<void> {
  await eventually(
    () => programsIn(pipelines),
    (programs) => programs.length === 0,
  );
}

/**
 * `npm run bench -- [part …] [--runs 3] [--short] [--profile part]`: measures the service, each figure against a baseline
 * that ran alternately with it. docs/performance.md explains how to read the figures.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { buildService } from './build.js';
import { describeMachine } from './machine.js';
import { audio } from './parts/audio.js';
import { cascade } from './parts/cascade.js';
import { growth } from './parts/growth.js';
import { isolation } from './parts/isolation.js';
import { memory } from './parts/memory.js';
import { original } from './parts/original.js';
import type { Pace, Part } from './parts/part.js';
import { relay } from './parts/relay.js';
import { stream } from './parts/stream.js';
import { text } from './parts/text.js';
import { describeProfiles } from './profile.js';
import { TestBed } from './test-bed.js';
import { merge, notesOf, tableOf, type Entry } from './table.js';

const PARTS: Readonly<Record<string, Part>> = {
  ...{ text, stream, cascade, isolation, audio, relay, original, memory, growth },
};

const FULL: Pace = { rounds: 5, roundMs: 1_500, warmMs: 2_000, scale: 1 };
/** Checks that everything runs; the figures mean nothing. */
const SHORT: Pace = { rounds: 1, roundMs: 100, warmMs: 50, scale: 0.01 };

const LONGEST_PART_MS = 300_000;

async function runParts(names: readonly string[], pace: Pace, profileFolder?: string): Promise<Entry[]> {
  const testBed = await TestBed.open(profileFolder);
  const entries: Entry[] = [];
  try {
    for (const name of names) {
      const startedAt = performance.now();
      entries.push(...(await withTimeout(name, PARTS[name]?.(testBed, pace))));
      await testBed.clear();
      process.stderr.write(`${name}: ${((performance.now() - startedAt) / 1000).toFixed(0)} s\n`);
    }
    return entries;
  } finally {
    await testBed.close();
  }
}

/** Fails a part that hangs. */
async function withTimeout(name: string, measured: Promise<Entry[]> = Promise.resolve([])): Promise<Entry[]> {
  const settled = new AbortController();
  const timeout = wait(LONGEST_PART_MS, undefined, { signal: settled.signal }).then(() => {
    throw new Error(`The part ${name} did not end within ${LONGEST_PART_MS / 1000} s.`);
  });
  try {
    return await Promise.race([measured, timeout]);
  } finally {
    settled.abort();
    await timeout.catch(() => undefined);
  }
}

/** Prints where the time goes; the figures of a run under the profiler mean nothing. */
async function profile(name: string, pace: Pace): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-profile-'));
  try {
    await runParts([name], pace, folder);
    process.stdout.write(`${await describeProfiles(folder)}\n`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      runs: { type: 'string', default: '1' },
      short: { type: 'boolean', default: false },
      profile: { type: 'string' },
    },
  });
  const names = positionals.length > 0 ? positionals : Object.keys(PARTS);
  const unknown = [...names, values.profile ?? 'text'].find((name) => !Object.hasOwn(PARTS, name));
  if (unknown !== undefined)
    throw new Error(`There is no part ${unknown}. There are: ${Object.keys(PARTS).join(', ')}.`);
  if (!/^[1-9]\d?$/.test(values.runs)) throw new Error('--runs must be a number from 1 to 99.');
  const pace = values.short ? SHORT : FULL;
  await buildService();
  if (values.profile !== undefined) {
    await profile(values.profile, pace);
    return;
  }
  const runs: Entry[][] = [];
  for (let run = 0; run < Number(values.runs); run += 1) runs.push(await runParts(names, pace));
  const entries = runs.length === 1 ? (runs[0] ?? []) : merge(runs);
  const report = [tableOf(entries), notesOf(entries)].join('\n\n');
  process.stdout.write(`${report}\n`);
  if (values.short)
    process.stdout.write('\nThe short form checks that everything runs; its figures mean nothing.\n');
  const isWhole = positionals.length === 0 && !values.short;
  if (isWhole) {
    const head = `# Results\n\n${describeMachine(runs.length)}\n\n`;
    await writeFile(new URL('RESULTS.md', import.meta.url), `${head}${report}\n`);
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
}

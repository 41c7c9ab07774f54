/**
 * `npm run bench -- [part …] [--runs 3] [--short] [--profile part]`: what the service costs, each figure against something
 * that ran in turn with it. docs/performance.md says how to read them.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { buildService } from './build.js';
import { describeMachine } from './machine.js';
import { audio } from './parts/audio.js';
import { growth } from './parts/growth.js';
import { memory } from './parts/memory.js';
import { original } from './parts/original.js';
import type { Pace, Part } from './parts/part.js';
import { relay } from './parts/relay.js';
import { stream } from './parts/stream.js';
import { text } from './parts/text.js';
import { describeProfiles } from './profile.js';
import { Stage } from './stage.js';
import { merge, notesOf, tableOf, type Entry } from './table.js';

const PARTS: Readonly<Record<string, Part>> = { text, stream, audio, relay, original, memory, growth };

const FULL: Pace = { rounds: 5, roundMs: 1_500, warmMs: 2_000, scale: 1 };
/** Shows that everything runs; says nothing of how fast. */
const SHORT: Pace = { rounds: 1, roundMs: 100, warmMs: 50, scale: 0.01 };

const LONGEST_PART_MS = 300_000;

async function runParts(names: readonly string[], pace: Pace, profileFolder?: string): Promise<Entry[]> {
  const stage = await Stage.open(profileFolder);
  const entries: Entry[] = [];
  try {
    for (const name of names) {
      const startedAt = performance.now();
      entries.push(...(await inTime(name, PARTS[name]?.(stage, pace))));
      await stage.clear();
      process.stderr.write(`${name}: ${((performance.now() - startedAt) / 1000).toFixed(0)} s\n`);
    }
    return entries;
  } finally {
    await stage.close();
  }
}

/** A side that hangs must not hang the bench. */
async function inTime(name: string, measured: Promise<Entry[]> = Promise.resolve([])): Promise<Entry[]> {
  const over = new AbortController();
  const late = wait(LONGEST_PART_MS, undefined, { signal: over.signal }).then(() => {
    throw new Error(`The part ${name} did not end within ${LONGEST_PART_MS / 1000} s.`);
  });
  try {
    return await Promise.race([measured, late]);
  } finally {
    over.abort();
    await late.catch(() => undefined);
  }
}

/** The figures of a run under the profiler are no figures: only where the time goes is printed. */
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
    process.stdout.write('\nThe short form shows that everything runs; its figures say nothing.\n');
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

/** The service in a process of its own, before a scripted upstream: attacked from outside, and looked at for what an attack left. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Health } from '../../../src/http/health.js';
import { startScripted, type Scripted } from '../offline.js';
import { data, format, riff, sine } from '../audio/recordings.js';
import { setCanary, type Canary } from './canary.js';
import { filesIn } from '../files-in.js';

export interface Target {
  readonly url: string;
  readonly port: number;
  readonly canary: Canary;
  readonly upstream: Scripted;
  /** Every line of its log. */
  readonly log: Record<string, unknown>[];
  /** Bytes that the process holds now (VmRSS). */
  residentBytes(): Promise<number>;
  /**
   * Waits until nothing is left of what was done to it, and has it translate a text and a recording.
   *
   * @throws Error that names what is still there.
   */
  settle(): Promise<void>;
  /** Ends it as an operator would, and rejects where it does not end well. */
  close(): Promise<void>;
}

const ROOT = new URL('../../..', import.meta.url).pathname;
const SPARE_PROCESSES = 2;
/** ffmpeg processes that may wait for the next recording: those started ahead, and resident resamplers. */
const WAITING_PROCESSES = 2 * SPARE_PROCESSES + availableParallelism();
/** More descriptors than when it began: those processes' pipes, its warm upstream socket, and what the kernel is slow to take back. */
const SPARE_DESCRIPTORS = 6 + 4 * WAITING_PROCESSES;

export async function startTarget(env: Record<string, string> = {}): Promise<Target> {
  const upstream = await startScripted();
  const canary = await setCanary();
  const uploadDir = await mkdtemp(join(tmpdir(), 'hostile-uploads-'));
  const service = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts'], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      PORT: '0',
      UPLOAD_DIR: uploadDir,
      REALTIME_PROVIDER: 'compatible',
      REALTIME_URL: upstream.url,
      RATE_LIMIT_PER_MINUTE: '0',
      FFMPEG_SPARE: String(SPARE_PROCESSES),
      MAX_CONCURRENT_PER_KEY: '0',
      FAILED_KEYS_PER_MINUTE: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const log: Record<string, unknown>[] = [];
  const url = await untilListening(service, log);
  const { pid = 0 } = service;
  const atStart = { children: await childrenOf(pid), descriptors: await descriptorsOf(pid) };

  const residue = async (): Promise<string[]> => {
    const { pool, relay } = (await (await fetch(`${url}/health`)).json()) as Health;
    const children = (await childrenOf(pid)).filter((child) => !atStart.children.includes(child));
    const uploads = await filesIn(uploadDir);
    const descriptors = (await descriptorsOf(pid)) - atStart.descriptors;
    return [
      ...uploads.map((name) => `upload ${name}`),
      ...children.slice(WAITING_PROCESSES).map((child) => `process ${child}`),
      ...(pool.running + pool.waiting > 0 ? [`${pool.running} running, ${pool.waiting} waiting`] : []),
      ...(relay.conversations > 0 ? [`${relay.conversations} conversations`] : []),
      ...(descriptors > SPARE_DESCRIPTORS ? [`${descriptors} more descriptors than at the start`] : []),
      ...canary.touched.map((what) => `${what} was touched`),
      ...log.filter(({ level }) => level === 'error').map((line) => JSON.stringify(line)),
    ];
  };

  return {
    url,
    port: Number(new URL(url).port),
    canary,
    upstream,
    log,
    residentBytes: async () =>
      1_024 * Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]),
    settle: async () => {
      if (service.exitCode !== null) throw new Error(`The service ended with ${service.exitCode}.`);
      const deadline = performance.now() + 15_000;
      let left = await residue();
      while (left.length > 0 && performance.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        left = await residue();
      }
      if (left.length > 0) throw new Error(`There is still: ${left.join('; ')}`);
      await serves(url);
    },
    close: async () => {
      const exited = once(service, 'exit');
      service.kill('SIGTERM');
      const [code] = (await exited) as [number | null];
      await upstream.close();
      await canary.close();
      await rm(uploadDir, { recursive: true });
      if (code !== 0) throw new Error(`The service ended with ${code}.`);
    },
  };
}

async function untilListening(service: ChildProcess, log: Record<string, unknown>[]): Promise<string> {
  if (service.stdout === null) throw new Error('no standard output');
  const lines = createInterface(service.stdout);
  return await new Promise((resolve, reject) => {
    service.once('exit', (code) => {
      reject(new Error(`The service ended with ${code} before it listened.`));
    });
    lines.on('line', (text) => {
      const line = JSON.parse(text) as Record<string, unknown>;
      log.push(line);
      if (typeof line.url === 'string') resolve(line.url);
    });
  });
}

let asked = 0;

/** A text that nobody else sends, and a recording of which only the length is heard. */
async function serves(url: string): Promise<void> {
  const text = `settled ${(asked += 1)}`;
  const form = new FormData();
  const wav = riff([format({ rate: 8_000 }), data(sine({ seconds: 0.5, rate: 8_000 }))]);
  form.append('file', new Blob([new Uint8Array(wav)]), 'a.wav');
  for (const [body, expected] of [
    [new URLSearchParams({ text }), text],
    [form, '500 ms of audio'],
  ] as const) {
    const answer = await fetch(`${url}/api/realtime/translate`, { method: 'POST', body });
    const told = (await answer.json()) as { text?: string };
    if (told.text !== expected)
      throw new Error(`A good request for "${expected}" got ${JSON.stringify(told)}`);
  }
}

async function descriptorsOf(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}

async function childrenOf(pid: number): Promise<string[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')),
  );
  return lists.flatMap((list) => list.split(' ')).filter((child) => child !== '');
}

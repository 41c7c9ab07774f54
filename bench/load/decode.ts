/** Plain ffmpeg processes on a file, back to back: the limit of the machine. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { summarise, type Latencies } from './latencies.js';

export interface DecodeLoad {
  readonly ffmpeg: string;
  readonly file: string;
  readonly concurrency: number;
  readonly durationMs: number;
}

export async function decode({ ffmpeg, file, concurrency, durationMs }: DecodeLoad): Promise<Latencies> {
  const latencies: number[] = [];
  const startedAt = performance.now();
  const runWorker = async (): Promise<void> => {
    for (let now = performance.now(); now - startedAt < durationMs;) {
      await decodeOnce(ffmpeg, file);
      const previous = now;
      now = performance.now();
      latencies.push(now - previous);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, runWorker));
  return summarise(latencies, performance.now() - startedAt);
}

async function decodeOnce(ffmpeg: string, file: string): Promise<void> {
  const quiet = ['-nostdin', '-hide_banner', '-loglevel', 'error'];
  const child = spawn(ffmpeg, [...quiet, '-i', file, '-ac', '1', '-ar', '24000', '-f', 's16le', 'pipe:1'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0 || Buffer.concat(chunks).length === 0) throw new Error(`ffmpeg exited with ${String(code)}`);
}

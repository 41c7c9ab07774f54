/** Plain spawns of ffmpeg on a file, back to back: what the machine allows. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { summarise, type Latencies } from './latencies.js';

export interface DecodeLoad {
  readonly ffmpeg: string;
  readonly file: string;
  readonly atATime: number;
  readonly durationMs: number;
}

export async function decode({ ffmpeg, file, atATime, durationMs }: DecodeLoad): Promise<Latencies> {
  const latencies: number[] = [];
  const startedAt = performance.now();
  const oneAfterTheOther = async (): Promise<void> => {
    for (let now = performance.now(); now - startedAt < durationMs;) {
      await decodeOnce(ffmpeg, file);
      const then = now;
      now = performance.now();
      latencies.push(now - then);
    }
  };
  await Promise.all(Array.from({ length: atATime }, oneAfterTheOther));
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
  if (code !== 0 || Buffer.concat(chunks).length === 0) throw new Error(`ffmpeg ended with ${String(code)}`);
}

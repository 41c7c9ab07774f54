/** Debian's nginx in the foreground, with the very configuration of the docs; addresses and folders are the test's own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from './programs.js';
import { freePort } from './free-port.js';

const CONFIG = fileURLToPath(new URL('../../docs/nginx.conf', import.meta.url));

export interface TestNginx {
  readonly url: string;
  /** What it complained about. */
  readonly complaints: () => string;
  stop(): Promise<void>;
}

/** @param nodes ports of the nodes A and B */
export async function startNginx(nodes: readonly [number, number]): Promise<TestNginx> {
  const folder = await mkdtemp(path.join(tmpdir(), 'rts-nginx-'));
  const port = await freePort();
  const config = path.join(folder, 'nginx.conf');
  const text = await readFile(CONFIG, 'utf8');
  await writeFile(
    config,
    text
      .replaceAll('/tmp/', `${folder}/`)
      .replace('node-a:8000', `127.0.0.1:${nodes[0]}`)
      .replace('node-b:8000', `127.0.0.1:${nodes[1]}`)
      .replace('listen 8080', `listen 127.0.0.1:${port}`)
      .replace('/dev/stdout', `${folder}/access.log`),
  );
  const child = spawn(
    'nginx',
    ['-p', folder, '-e', 'stderr', '-c', config, '-g', `daemon off; user ${userInfo().username};`],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin` },
    },
  );
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (complaints += chunk));
  child.on('error', (error) => (complaints += `${error.message}. Is the Debian package nginx installed?`));
  const exited = once(child, 'close');
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await eventually(
      () => answers(url),
      (isUp) => isUp || child.exitCode !== null || child.pid === undefined,
    );
    if (!(await answers(url))) throw new Error(`nginx did not start: ${complaints}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, complaints: () => complaints, stop };
}

function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  );
}

/** Recordings of any size: sent from the disk, refused on the way, given up on the way. */
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { RunningCommand } from '../support/command.js';
import { startGateway } from '../support/gateway.js';

const MB = 1_048_576;
const SIZE = 600 * MB;

let folder: string;
let film: string;
let server: Server | undefined;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'large-'));
  film = path.join(folder, 'film.mkv');
  // Sparse: it takes no space.
  const handle = await open(film, 'w');
  await handle.truncate(SIZE);
  await handle.close();
});
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});
afterAll(() => rm(folder, { recursive: true }));

async function listen(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The most memory that a process has had, in MB. */
async function peakMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1] ?? NaN) / 1_024;
}

it('are sent from the disk, with their length, and never held in memory', async () => {
  let [received, announced, peak] = [0, 0, NaN];
  const url = await listen((req, res) => {
    announced = Number(req.headers['content-length']);
    req.on('data', (chunk: Buffer) => (received += chunk.byteLength));
    req.on('end', () => {
      void peakMemory(command.child.pid ?? 0).then((found) => {
        peak = found;
        res.writeHead(507).end();
      });
    });
  });
  const command = new RunningCommand([film, '--to', 'es', '--url', url], {});
  expect((await command.ended).code).toBe(1);
  expect(received).toBe(announced);
  expect(received).toBeGreaterThan(SIZE);
  expect(peak).toBeLessThan(300);
});

it('are refused by the service before they are sent whole, and the refusal arrives', async () => {
  const service = await startGateway({ API_KEYS: 'key-of-somebody' });
  const { code, stderr } = await new RunningCommand([film, '--to', 'es', '--url', service.url], {}).ended;
  expect(code).toBe(1);
  expect(stderr).toContain('(unauthorized)');
  await service.close();
});

it('are given up on Ctrl-C while they are sent', async () => {
  let begun: () => void = () => undefined;
  const beginning = new Promise<void>((resolve) => (begun = resolve));
  // It takes no more than the first bytes.
  const url = await listen(() => {
    begun();
  });
  const command = new RunningCommand([film, '--to', 'es', '--url', url, '-q'], {});
  await beginning;
  command.child.kill('SIGINT');
  expect(await command.ended).toEqual({ code: 130, stdout: '', stderr: '' });
});

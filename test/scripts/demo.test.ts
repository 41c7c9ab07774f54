/** The demonstration of `make run`, against the whole service with the offline engine. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startGateway, type Running } from '../support/gateway.js';

let service: Running;

beforeAll(async () => {
  service = await startGateway({ API_KEYS: 'first-key, second-key' });
});

afterAll(() => service.close());

/** The port of the service, its key, and nothing else that might be set where the tests run. */
async function demo(...args: string[]): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const { port } = new URL(service.url);
  const child = spawn(process.execPath, ['scripts/demo.js', ...args], {
    env: { PORT: port, API_KEYS: 'first-key, second-key' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const status = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { status: await status, stdout, stderr };
}

/** The number of a process that has ended. */
async function endedProcess(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await new Promise((resolve) => child.on('close', resolve));
  return child.pid ?? 0;
}

it('has a sentence and a recording translated, and prints question, answer and time', async () => {
  const { status, stdout, stderr } = await demo(String(process.pid));
  expect(stderr).toBe('');
  expect(stdout).toMatch(/English +Good morning\. .*\n +Spanish +Buenos días\. .* \(\d+ ms\)\n/);
  expect(stdout).toMatch(/Recording +samples\/\S+\.wav: \S.*\n +Spanish +\S.* \(\d+ ms\)\n/);
  expect(stdout).not.toContain('no translation');
  expect(stdout).toContain(service.url);
  expect(status).toBe(0);
});

it('shows no key', async () => {
  expect((await demo(String(process.pid))).stdout).not.toContain('first-key');
});

it('leaves without a word when the service it was started beside has ended', async () => {
  expect(await demo(String(await endedProcess()))).toEqual({ status: 0, stdout: '', stderr: '' });
});

it('tells that somebody else answers at the address already', async () => {
  expect((await demo('--alone')).status).toBe(1);
});

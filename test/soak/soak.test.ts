/** The soak as a command: a short one is part of the tests, so that it keeps working. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { expect, it } from '@jest/globals';

async function soak(...args: string[]): Promise<{ status: number | null; told: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'soak/main.ts', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const status = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { status: await status, told: stdout + stderr };
}

it.each([[['--redis']], [[]]])(
  'a short soak with %j finds nothing wrong',
  async (more) => {
    const { status, told } = await soak('--minutes', '0.2', '--seed', '7', '--clients', '8', ...more);
    expect(told).toMatch(/wrong answers 0, hangs 0, uploads left 0, errors in the logs 0/);
    expect(told).toContain('nothing found');
    expect(status).toBe(0);
  },
  150_000,
);

it('says how it is called to whoever calls it otherwise', async () => {
  const { status, told } = await soak('--minutes', 'many');
  expect(status).toBe(2);
  expect(told).toContain('--minutes must be');
  expect(told).toContain('npm run soak');
});

/** A short run of `npm run soak` is part of the tests, so that the command keeps working. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { expect, it } from '@jest/globals';

async function soak(...args: string[]): Promise<{ status: number | null; output: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'soak/main.ts', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const status = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { status: await status, output: stdout + stderr };
}

it.each([[['--redis']], [[]]])(
  'a short soak with %j has no findings',
  async (more) => {
    const { status, output } = await soak('--minutes', '0.2', '--seed', '7', '--clients', '8', ...more);
    expect(output).toMatch(/wrong answers 0, hangs 0, uploads left 0, errors in the logs 0/);
    expect(output).toContain('nothing found');
    expect(status).toBe(0);
  },
  150_000,
);

it('prints its usage if an option is invalid', async () => {
  const { status, output } = await soak('--minutes', 'many');
  expect(status).toBe(2);
  expect(output).toContain('--minutes must be');
  expect(output).toContain('npm run soak');
});

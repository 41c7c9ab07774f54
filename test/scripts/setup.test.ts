/** What `make` checks before it builds: the version of Node, and the Debian packages that are missing. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

let bin: string;

beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), 'setup-'));
  for (const tool of ['bash', 'dirname', 'id']) symlinkSync(`/usr/bin/${tool}`, join(bin, tool));
});

afterEach(() => {
  rmSync(bin, { recursive: true });
});

function addCommand(name: string, prints = ''): void {
  writeFileSync(join(bin, name), `#!/bin/sh\necho '${prints}'\n`);
  chmodSync(join(bin, name), 0o755);
}

/** Runs a script with no other commands on its PATH than those added. */
function run(script: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(script, args, { env: { PATH: bin }, encoding: 'utf8' });
}

describe('the check of Node', () => {
  it.each(['v20.19.0', 'v22.0.1', 'v24.11.0'])('takes %s', (version) => {
    addCommand('node', version);
    addCommand('npm');
    expect(run('scripts/check-node.sh')).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  it.each(['v18.20.4', 'v20.18.3'])('refuses %s in one sentence that says what is needed', (version) => {
    addCommand('node', version);
    addCommand('npm');
    const { status, stderr } = run('scripts/check-node.sh');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^Node 20\.19 or newer is needed, and this is v\d+\.\d+\.\d+ .*\n$/);
    expect(stderr).toContain(version);
  });

  it('says so where there is no Node', () => {
    const { status, stderr } = run('scripts/check-node.sh');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^Node 20\.19 or newer is needed, and there is none on the PATH;/);
  });
});

describe('the installation of Debian packages', () => {
  const packages = readFileSync('scripts/packages-run.txt', 'utf8').match(/^[a-z][\w.+-]*/gm) ?? [];

  it('does nothing where all is there', () => {
    addCommand('dpkg-query', 'installed');
    expect(run('scripts/debian-packages.sh', 'run')).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  it('names every missing package and goes on where there is no apt-get', () => {
    const { status, stderr } = run('scripts/debian-packages.sh', 'run');
    expect(status).toBe(0);
    expect(packages.length).toBeGreaterThan(5);
    expect(stderr).toContain(`sudo apt-get install ${packages.join(' ')}`);
  });

  it('does not ask for a package whose command is there from elsewhere', () => {
    addCommand('ffmpeg');
    const { stderr } = run('scripts/debian-packages.sh', 'run');
    expect(stderr).not.toContain('ffmpeg');
    expect(stderr).toContain('apertium-eng-spa');
  });

  it('fails with --strict, as an image must not be built without them', () => {
    expect(run('scripts/debian-packages.sh', '--strict', 'run').status).toBe(1);
  });
});

/** What comes in from others: licences that nobody has looked at, and known vulnerabilities, stop `make test`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rts-supply-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function run(script: string, args: string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [join(ROOT, 'scripts', script), ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let told = '';
  child.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, told };
}

describe('the list of licences', () => {
  /** This project's, with one more package in its lock. */
  function copy(extra: object = {}): void {
    for (const path of [
      'scripts/packages-run.txt',
      'scripts/packages-image.txt',
      'docs/licences.md',
      'web/src',
    ])
      cpSync(join(ROOT, path), join(folder, path), { recursive: true });
    const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as { packages: object };
    const packages = { ...lock.packages, ...extra };
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ ...lock, packages }));
  }

  const check = () => run('licences.js', ['--check', folder]);

  it('is that of the lock', async () => {
    copy();
    expect(await check()).toEqual({ code: 0, told: '' });
  });

  it('that lacks a package is refused, and can be made anew', async () => {
    copy({ 'node_modules/new': { version: '1.0.0', license: 'ISC' } });
    expect(await check()).toMatchObject({ code: 1, told: expect.stringContaining('npm run licences') });
    expect((await run('licences.js', [folder])).code).toBe(0);
    expect(await check()).toEqual({ code: 0, told: '' });
    expect(readFileSync(join(folder, 'docs/licences.md'), 'utf8')).toMatch(/\*\*ISC\*\*: .*\bnew 1\.0\.0/);
  });

  it.each([
    ['AGPL-3.0', 'new 1.0.0 is under AGPL-3.0'],
    ['MIT OR Proprietary', 'new 1.0.0 is under MIT OR Proprietary'],
    [undefined, 'new 1.0.0 states no licence'],
  ])('takes no package under %s, and is not written', async (license, fault) => {
    copy({ 'node_modules/new': { version: '1.0.0', license } });
    const before = readFileSync(join(folder, 'docs/licences.md'), 'utf8');
    expect(await run('licences.js', [folder])).toMatchObject({
      code: 1,
      told: expect.stringContaining(fault),
    });
    expect(readFileSync(join(folder, 'docs/licences.md'), 'utf8')).toBe(before);
  });

  it('does not ask about what only developers use', async () => {
    copy({ 'node_modules/new': { version: '1.0.0', license: 'AGPL-3.0', dev: true } });
    expect((await check()).code).toBe(0);
  });

  it('takes no Debian package that nobody has looked at', async () => {
    copy();
    writeFileSync(join(folder, 'scripts/packages-run.txt'), 'ffmpeg  ffmpeg\nnew-engine\n');
    expect(await check()).toMatchObject({ code: 1, told: expect.stringContaining('new-engine') });
  });
});

describe('the question for vulnerabilities', () => {
  let registry: Server | undefined;
  afterEach(() => {
    registry?.closeAllConnections();
    registry?.close();
  });

  /** One package installed, and a registry that answers npm itself. */
  async function audit(answer: RequestListener) {
    registry = createServer(answer).listen(0, '127.0.0.1');
    await once(registry, 'listening');
    const some = { version: '1.0.0', resolved: 'https://registry.npmjs.org/some/-/some-1.0.0.tgz' };
    const project = { name: 'project', version: '1.0.0', dependencies: { some: '1.0.0' } };
    mkdirSync(join(folder, 'node_modules/some'), { recursive: true });
    writeFileSync(join(folder, 'node_modules/some/package.json'), '{"name":"some","version":"1.0.0"}');
    writeFileSync(join(folder, 'package.json'), JSON.stringify(project));
    writeFileSync(
      join(folder, 'package-lock.json'),
      JSON.stringify({
        ...project,
        lockfileVersion: 3,
        requires: true,
        packages: { '': project, 'node_modules/some': some },
      }),
    );
    const { port } = registry.address() as AddressInfo;
    return await run('audit.js', [], {
      npm_config_registry: `http://127.0.0.1:${port}/`,
      npm_config_cache: join(folder, 'cache'),
      npm_config_fetch_retries: '0',
    });
  }

  /** As the registry's bulk endpoint answers; it is asked nothing else that matters. */
  const advise =
    (severity?: string): RequestListener =>
    (request, response) => {
      const advisory = {
        id: 1,
        title: 'Bad',
        url: 'https://x.example',
        severity,
        vulnerable_versions: '*',
        cwe: [],
      };
      const isBulk = request.url?.endsWith('/advisories/bulk') === true;
      response.statusCode = isBulk ? 200 : 404;
      response.setHeader('Content-Type', 'application/json');
      response.end(isBulk && severity !== undefined ? JSON.stringify({ some: [advisory] }) : '{}');
    };

  it('passes where nothing is known', async () => {
    expect(await audit(advise())).toMatchObject({
      code: 0,
      told: expect.stringContaining('0 high or critical'),
    });
  });

  it.each(['high', 'critical'])('fails where something %s is, and names it', async (severity) => {
    const { code, told } = await audit(advise(severity));
    expect(told).toContain(`${severity}: some`);
    expect(code).toBe(1);
  });

  it('passes where only something lesser is', async () => {
    expect(await audit(advise('moderate'))).toMatchObject({
      code: 0,
      told: expect.stringContaining('1 lesser'),
    });
  });

  it('says that nothing was checked where the registry does not answer such questions, and passes', async () => {
    const { code, told } = await audit((_request, response) => {
      response.writeHead(405, { Allow: 'GET,HEAD' }).end();
    });
    expect(told).toMatch(/^NOT CHECKED .*405/);
    expect(code).toBe(0);
  });
});

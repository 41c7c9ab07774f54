/** The package as it is installed: what is in it, its command and its client without any other package, and its documentation. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startGateway, type Running } from '../support/gateway.js';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TSC = path.join(ROOT, 'node_modules/typescript/bin/tsc');
const DOCS = path.join(ROOT, 'docs/client.md');

let service: Running;
let folder: string;
/** Where it is installed, beside no other package. */
let installed: string;
let packed: { files: { path: string }[]; filename: string };

beforeAll(async () => {
  service = await startGateway();
  folder = await mkdtemp(path.join(tmpdir(), 'package-'));
  const source = path.join(folder, 'source');
  await buildInto(source);
  const { stdout } = await run(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--offline', '--pack-destination', folder],
    {
      cwd: source,
    },
  );
  [packed = packed] = JSON.parse(stdout) as (typeof packed)[];
  installed = path.join(folder, 'project/node_modules/realtime-translation-service');
  await mkdir(installed, { recursive: true });
  await run('tar', ['-xzf', path.join(folder, packed.filename), '-C', installed, '--strip-components=1']);
  const project = path.join(folder, 'project');
  await writeFile(
    path.join(project, 'package.json'),
    '{ "name": "project", "private": true, "type": "module" }',
  );
  // npm makes the command of what is there; nothing is fetched.
  await run('npm', ['rebuild', '--offline', '--ignore-scripts'], { cwd: project });
  await copyFile(path.join(ROOT, 'samples/family.wav'), path.join(project, 'talk.mp3'));
  await copyFile(path.join(ROOT, 'samples/family.wav'), path.join(project, 'film.mkv'));
  await mkdir(path.join(project, 'films'));
  await copyFile(path.join(ROOT, 'samples/family.wav'), path.join(project, 'films/first.mkv'));
});
afterAll(async () => {
  await service.close();
  await rm(folder, { recursive: true });
});

/** The checkout, with the command and the client built from what is there now, so that no test waits for `dist/`. */
async function buildInto(source: string): Promise<void> {
  await mkdir(source);
  for (const file of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md'])
    await copyFile(path.join(ROOT, file), path.join(source, file));
  // Whether the types fit is checked elsewhere.
  const build = [TSC, '--noCheck', '--outDir', path.join(source, 'dist')];
  const command = ['--target', 'es2023', '--module', 'nodenext', '--types', 'node', '--rootDir', 'src'];
  await run(process.execPath, [...build, '--ignoreConfig', ...command, 'src/cli/main.ts'], { cwd: ROOT });
  await run(process.execPath, [...build, '-p', 'src/client'], { cwd: ROOT });
}

async function inProject(command: string, args: readonly string[]): Promise<string> {
  const { PATH = '', HOME = '' } = process.env;
  const project = path.join(folder, 'project');
  const child = spawn(command, args, {
    cwd: project,
    env: {
      PATH: `${path.join(project, 'node_modules/.bin')}:${PATH}`,
      HOME,
      REALTIME_TRANSLATE_URL: service.url,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${stderr}`);
  return stdout;
}

/** The blocks of the documentation in a language, with the address of this test's service. */
async function blocks(language: string): Promise<string[]> {
  const docs = await readFile(DOCS, 'utf8');
  const found = [...docs.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))];
  return found.map(([, block = '']) => block.replaceAll('http://127.0.0.1:8000', service.url));
}

it('holds what was built, and neither sources nor tests nor keys', () => {
  const files = packed.files.map(({ path: file }) => file);
  for (const needed of [
    'dist/cli/main.js',
    'dist/client/index.js',
    'dist/client/index.d.ts',
    'dist/client/openapi.d.ts',
  ])
    expect(files).toContain(needed);
  const others = files.filter(
    (file) => !/^(dist\/|web\/dist\/|(package\.json|README\.md|LICENSE)$)/.test(file),
  );
  expect(others).toEqual([]);
});

it('runs by npx, without any other package', async () => {
  const packages = await readdir(path.join(folder, 'project/node_modules'));
  expect(packages.filter((name) => !name.startsWith('.'))).toEqual(['realtime-translation-service']);
  const { version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as {
    version: string;
  };
  expect(await inProject('npx', ['--offline', '--no-install', 'realtime-translate', '--version'])).toBe(
    `${version}\n`,
  );
});

it('runs from the checkout once that is built, where npx calls the file itself', async () => {
  const { stdout } = await run(path.join(ROOT, 'dist/cli/main.js'), ['--help']);
  expect(stdout).toMatch(/^Usage: realtime-translate/);
});

it('does what the documentation of the command says', async () => {
  for (const block of await blocks('sh')) await inProject('bash', ['-euc', block]);
  const project = path.join(folder, 'project');
  for (const made of ['film.srt', 'films/first.fr.srt', 'talk.vtt', 'talk.fr.vtt', 'reply.wav'])
    expect((await stat(path.join(project, made))).size).toBeGreaterThan(50);
});

it('does what the documentation of the client says, and its types fit', async () => {
  const [example = ''] = await blocks('js');
  const project = path.join(folder, 'project');
  await writeFile(path.join(project, 'example.js'), example);
  const lines = (await inProject('node', ['example.js'])).split('\n');
  const promised = [...example.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, output]) => output);
  expect(promised).toHaveLength(3);
  for (const output of promised) expect(lines).toContain(output);

  // As a project would check it that has the types of browsers, and of Node for what is Node's.
  await writeFile(path.join(project, 'example.ts'), `${example}\nexport const words: string = srt;\n`);
  const types = path.join(ROOT, 'node_modules/@types');
  const options = [
    '--noEmit',
    '--strict',
    '--target',
    'es2023',
    '--module',
    'nodenext',
    '--lib',
    'es2023,dom',
  ];
  await run(process.execPath, [TSC, ...options, '--typeRoots', types, '--types', 'node', 'example.ts'], {
    cwd: project,
  }).catch((error: unknown) => {
    throw new Error((error as { stdout: string }).stdout);
  });
});

/** The command against the real service and its offline engine: what a person at a terminal sees, and what a script reads. */
import { copyFile, mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readCommandLine } from '../../src/cli/arguments.js';
import { TranslationClient } from '../../src/client/index.js';
import { RunningCommand, type CommandCall, type CommandOutcome } from '../support/command.js';
import { startGateway, type Running } from '../support/gateway.js';

const SAMPLES = fileURLToPath(new URL('../../samples/', import.meta.url));
const FAMILY = path.join(SAMPLES, 'family.wav');
const IN_SPANISH = 'Vivo en una casa pequeña con mi familia.';

let service: Running;
let client: TranslationClient;
let folder: string;

beforeAll(async () => {
  service = await startGateway({ API_KEYS: 'key-of-the-command' });
  client = new TranslationClient({ url: service.url, key: 'key-of-the-command' });
});
afterAll(() => service.close());
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'command-'));
});
afterEach(() => rm(folder, { recursive: true }));

function call(args: readonly string[], { env = {}, ...rest }: CommandCall = {}): Promise<CommandOutcome> {
  const given = { REALTIME_TRANSLATE_URL: service.url, REALTIME_TRANSLATE_KEY: 'key-of-the-command' };
  return new RunningCommand(args, { env: { ...given, ...env }, cwd: folder, ...rest }).ended;
}

async function jobsLeft(): Promise<string[]> {
  return (await client.jobs.list()).jobs.map(({ jobId }) => jobId);
}

describe('one recording', () => {
  it('goes to standard output as subtitles, with its progress on standard error, and leaves no job', async () => {
    const { code, stdout, stderr } = await call([FAMILY, '--to', 'es', '--from', 'en', '--format', 'srt']);
    expect(stdout).toMatch(
      /^1\n00:00:00,\d{3} --> 00:00:02,\d{3}\nVivo en una casa pequeña con mi familia.\n$/,
    );
    expect(stderr).toBe(`${FAMILY}: sending\n${FAMILY}: translating\n`);
    expect(code).toBe(0);
    expect(await jobsLeft()).toEqual([]);
  });

  it('is read from a pipe', async () => {
    const stdin = await readFile(FAMILY);
    for (const args of [[], ['-']]) {
      const { code, stdout } = await call([...args, '-t', 'es', '-s', 'en', '-q'], { stdin });
      expect([code, stdout]).toEqual([0, `${IN_SPANISH}\n`]);
    }
    expect((await call(['--to', 'es'])).stderr).toContain('stdin: it is empty');
  });

  it('becomes one file for each language and is sent once', async () => {
    const file = path.join(folder, 'film.wav');
    await copyFile(FAMILY, file);
    const { code, stdout } = await call(['film.wav', '--to', 'es,fr', '--from', 'en', '-f', 'vtt']);
    expect([code, stdout]).toEqual([0, '']);
    expect((await readdir(folder)).sort()).toEqual(['film.es.vtt', 'film.fr.vtt', 'film.wav']);
    expect(await readFile(path.join(folder, 'film.fr.vtt'), 'utf8')).toMatch(/^WEBVTT[^]*lang: fr[^]*maison/);
  });

  it('is written to a file, which is not replaced unless that is wanted', async () => {
    const args = [FAMILY, '--to', 'es', '--from', 'en', '-f', 'json', '--transcript', '-o', 'out.json'];
    expect((await call(args)).code).toBe(0);
    const written = JSON.parse(await readFile(path.join(folder, 'out.json'), 'utf8')) as object;
    expect(written).toMatchObject({ text: IN_SPANISH, transcript: expect.stringMatching(/small house/) });

    await writeFile(path.join(folder, 'out.json'), 'mine');
    const refused = await call(args);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('out.json exists. Use --overwrite or --skip-existing.');
    const skipped = await call([...args, '--skip-existing']);
    expect([skipped.code, skipped.stderr]).toEqual([0, `${FAMILY}: skipped, its results exist\n`]);
    expect(await readFile(path.join(folder, 'out.json'), 'utf8')).toBe('mine');
    expect((await call([...args, '--overwrite'])).code).toBe(0);
    expect(await readFile(path.join(folder, 'out.json'), 'utf8')).toContain(IN_SPANISH);
  });

  it('speaks', async () => {
    const { code, stdout } = await call([FAMILY, '--to', 'es', '--from', 'en', '--speech', 'reply.wav']);
    expect([code, stdout]).toEqual([0, `${IN_SPANISH}\n`]);
    expect((await readFile(path.join(folder, 'reply.wav'))).subarray(0, 4).toString()).toBe('RIFF');
  });
});

it('takes folders whole, writes beside each recording or into another folder, and says what it leaves out', async () => {
  await mkdir(path.join(folder, 'films/second'), { recursive: true });
  await copyFile(FAMILY, path.join(folder, 'films/first.WAV'));
  await copyFile(path.join(SAMPLES, 'garden.ogg'), path.join(folder, 'films/second/garden.ogg'));
  await writeFile(path.join(folder, 'films/notes.txt'), 'not a recording');
  await writeFile(path.join(folder, 'films/.hidden.wav'), '');
  const options = ['--to', 'es', '--from', 'en', '--format', 'srt', '--parallel', '2'];
  const { code, stdout, stderr } = await call(['films', ...options]);
  expect([code, stdout]).toEqual([0, '']);
  expect(stderr).toContain('Left out, neither sound nor film: films/notes.txt.\n');
  expect(stderr).toContain('films/second/garden.ogg: wrote films/second/garden.es.srt\n');
  expect(await readdir(path.join(folder, 'films'))).toContain('first.es.srt');

  expect((await call(['films', ...options, '--output', 'subtitles/'])).code).toBe(0);
  const written = await readdir(path.join(folder, 'subtitles'), { recursive: true });
  expect(written.sort()).toEqual(['first.es.srt', 'second', 'second/garden.es.srt']);
});

it('goes on with the others where one fails, and ends with 1', async () => {
  await writeFile(path.join(folder, 'broken.wav'), 'no recording at all');
  await copyFile(FAMILY, path.join(folder, 'good.wav'));
  const files = ['missing.wav', 'broken.wav', 'good.wav', 'missing/'];
  const { code, stdout, stderr } = await call([...files, '--to', 'es', '-q', '--parallel', '1']);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr.split('\n')).toEqual([
    'missing.wav: there is no such file or folder.',
    'missing/: there is no such file or folder.',
    expect.stringMatching(/^broken.wav: .*\(unsupported-media-type\)$/),
    '',
  ]);
  expect(await readFile(path.join(folder, 'good.es.txt'), 'utf8')).toBe(`${IN_SPANISH}\n`);
  expect(await jobsLeft()).toEqual([]);
});

it('keeps the job of a result that cannot be written, and says how to fetch it', async () => {
  await writeFile(path.join(folder, 'file'), '');
  const full = await open('/dev/full', 'w');
  // A file in the place of a folder, and a disk without space.
  for (const more of [{ args: ['--output', 'file/result.txt'] }, { args: [], stdout: full.fd }]) {
    const { code, stderr } = await call([FAMILY, '--to', 'es', '-q', ...more.args], { stdout: more.stdout });
    expect(code).toBe(1);
    const [jobId = 'no job', ...others] = await jobsLeft();
    expect(others).toEqual([]);
    expect(stderr.split('\n')).toEqual([
      `${FAMILY}: job ${jobId} is kept, and --job-id fetches it.`,
      expect.stringMatching(/^.*family\.wav: (EEXIST|ENOTDIR|ENOSPC): [^\n]*$/),
      '',
    ]);
    const fetched = await call(['--job-id', jobId, '-q']);
    expect([fetched.code, fetched.stdout]).toEqual([0, `${IN_SPANISH}\n`]);
    await client.jobs.delete(jobId);
  }
  await full.close();
});

it('refuses two recordings whose results would be one file', async () => {
  await copyFile(FAMILY, path.join(folder, 'film.wav'));
  await copyFile(path.join(SAMPLES, 'garden.ogg'), path.join(folder, 'film.ogg'));
  const { code, stderr } = await call(['film.wav', 'film.ogg', '--to', 'es']);
  expect(code).toBe(1);
  expect(stderr.match(/another recording has film\.es\.txt as its result too/g)).toHaveLength(2);
  expect(await readdir(folder)).toHaveLength(2);
});

describe('a text', () => {
  it('is given on the command line or by a pipe, and comes a line for each language', async () => {
    const given = await call(['--text', 'Good morning.', '--to', 'es,ca', '--from', 'en']);
    expect(given).toEqual({ code: 0, stdout: 'Buenos días.\nBon dia.\n', stderr: '' });
    const piped = await call(['--text', '-', '--to', 'es', '-f', 'json'], { stdin: 'Good morning.' });
    expect(JSON.parse(piped.stdout)).toMatchObject({ text: 'Buenos días.', target: 'es' });
    // As `echo` sends it.
    const line = await call(['--text', '-', '--to', 'es', '--from', 'en'], { stdin: 'Good morning.\n' });
    expect(line).toEqual({ code: 0, stdout: 'Buenos días.\n', stderr: '' });
  });
});

describe('a job that is kept', () => {
  it('is fetched later, in any format and language', async () => {
    const { code, stdout } = await call([FAMILY, '--to', 'es,fr', '--from', 'en', '--detach', '-q']);
    expect(code).toBe(0);
    const jobId = stdout.trim();
    expect(await jobsLeft()).toEqual([jobId]);
    const fetched = await call(['--job-id', jobId, '--to', 'fr', '-f', 'srt', '-q']);
    expect([fetched.code, fetched.stderr]).toEqual([0, '']);
    expect(fetched.stdout).toMatch(/maison/);
    const whole = await call(['--job-id', jobId, '-q', '-o', 'here/']);
    expect(whole.code).toBe(0);
    expect(await readFile(path.join(folder, 'here', `${jobId}.txt`), 'utf8')).toBe(`${IN_SPANISH}\n`);
    await client.jobs.delete(jobId);
  });

  it('stays after its results with --job', async () => {
    const { code, stdout, stderr } = await call([FAMILY, '--to', 'es', '--from', 'en', '--job']);
    const [jobId = ''] = await jobsLeft();
    expect(stderr).toContain(`job ${jobId}`);
    expect([code, stdout]).toEqual([0, `${IN_SPANISH}\n`]);
    await client.jobs.delete(jobId);
  });
});

describe('the command line', () => {
  it.each([
    [['film.wav', '--format', 'doc'], /--format is one of text, srt, vtt, json, verbose_json, not "doc"/],
    [['film.wav', '--nonsense'], /--nonsense/],
    [['film.wav', '--text', 'x'], /one of them/],
    [['--text', 'x', '--format', 'srt'], /no segments/],
    [['film.wav', '--to', 'not a tag'], /language tags/],
    [['film.wav', '--parallel', '0'], /--parallel/],
    [['film.wav', '--url', 'localhost:8000'], /--url/],
    [['film.wav', '--overwrite', '--skip-existing'], /exclude each other/],
    [['--resume'], /--job-id/],
    [['film.wav', '--detach', '-o', 'x'], /--job-id/],
    [[], /Nothing to translate/],
  ])('%j is wrong', (args, reason) => {
    expect(() => readCommandLine(args, {}, true)).toThrow(reason);
  });

  it.each([
    [['film.wav', '--format', 'doc'], /--format/],
    [['-', '--to', 'es,fr'], /--output/],
    [['.', '--to', 'es'], /no recordings in \./],
  ])('%j ends with 2', async (args, reason) => {
    const { code, stdout, stderr } = await call(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(reason);
    expect(stderr).toContain('--help');
  });

  it('explains itself', async () => {
    const help = await call(['--help']);
    expect([help.code, help.stderr]).toEqual([0, '']);
    expect(help.stdout).toMatch(/^Usage: realtime-translate FILE…[^]*REALTIME_TRANSLATE_KEY[^]*Exit codes/);
    for (const line of help.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(130);
    const manifest = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect((await call(['--version'])).stdout).toBe(`${manifest.version}\n`);
  });
});

it('says what to do without a key, without a service, and without the file', async () => {
  const unauthorized = await call([FAMILY, '--to', 'es'], { env: { REALTIME_TRANSLATE_KEY: '' } });
  expect(unauthorized.code).toBe(1);
  expect(unauthorized.stderr).toMatch(/needs an API key.*\(unauthorized\)/);
  const nobody = await call([FAMILY, '--to', 'es', '--url', 'http://127.0.0.1:9'], {});
  expect([nobody.code, nobody.stderr]).toEqual([
    1,
    expect.stringMatching(/No answer from http:\/\/127\.0\.0\.1:9/),
  ]);
  const missing = await call(['missing.wav', '--to', 'es']);
  expect([missing.code, missing.stderr]).toEqual([1, expect.stringMatching(/missing\.wav/)]);
});

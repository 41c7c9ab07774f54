/** The command while it runs: interrupted, without a reader, with segments that fail, on a terminal. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { Progress } from '../../src/cli/progress.js';
import { TranslationClient } from '../../src/client/index.js';
import { RunningCommand } from '../support/command.js';
import { startBeforeScript } from '../support/gateway.js';
import { recordingOf } from '../support/jobs/client.js';
import { requestFault } from '../support/offline.js';
import { until } from '../support/until.js';

const COUNT = 4;

let service: Awaited<ReturnType<typeof startBeforeScript>>;
let client: TranslationClient;
let folder: string;
let file: string;

beforeAll(async () => {
  service = await startBeforeScript({ JOB_PARALLEL: '1' });
  client = new TranslationClient({ url: service.url });
  folder = await mkdtemp(path.join(tmpdir(), 'command-'));
  file = path.join(folder, 'film.wav');
  await writeFile(file, await recordingOf(COUNT));
});
afterAll(async () => {
  await service.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  service.script.requests.clear();
});

function start(args: readonly string[]): RunningCommand {
  return new RunningCommand([file, '--to', 'es', '--from', 'en', '--url', service.url, ...args], {});
}

it('deletes its job on Ctrl-C, and ends with 130', async () => {
  service.script.requests.when(() => true, requestFault.hang());
  const command = start(['-q']);
  await service.script.until(() => service.script.answering > 0);
  command.child.kill('SIGINT');
  expect(await command.ended).toEqual({ code: 130, stdout: '', stderr: '' });
  expect((await client.jobs.list()).jobs).toEqual([]);
  await service.script.until(() => service.script.answering === 0);
});

it('leaves a job that is kept on Ctrl-C; it goes on, and is picked up by its id', async () => {
  const translation = requestFault.held();
  service.script.requests.when(() => true, translation);
  const command = start(['--job']);
  await until('the id is told', () => /job [0-9a-f]{32}/.test(command.stderr));
  command.child.kill('SIGTERM');
  const { code, stderr } = await command.ended;
  expect(code).toBe(143);
  const [, jobId = ''] = /job ([0-9a-f]{32})/.exec(stderr) ?? [];
  translation.release();
  const later = new RunningCommand(['--job-id', jobId, '--url', service.url, '-f', 'srt', '-q'], {});
  const fetched = await later.ended;
  expect(fetched.code).toBe(0);
  expect(fetched.stdout.match(/-->/g)).toHaveLength(COUNT);
  await client.jobs.delete(jobId);
});

it('tells of segments that failed, and ends with 3; --resume asks for them again', async () => {
  const before = service.script.requestCount;
  // One request at a time: the third asks for the second segment once more.
  const isOfSecond = ({ number }: { number: number }): boolean => [2, 3].includes(number - before);
  service.script.requests.when(isOfSecond, requestFault.incomplete('content_filter'));
  const { code, stdout, stderr } = await start(['--job']).ended;
  expect(code).toBe(3);
  expect(stdout.split('\n').filter((line) => line !== '')).toHaveLength(COUNT - 1);
  expect(stderr).toMatch(/film\.wav: at 0:00:\d\d \(es\): segment-failed: /);
  expect(stderr).toContain(`1 of ${COUNT} segments failed and are empty.`);
  service.script.requests.clear();
  const [job] = (await client.jobs.list()).jobs;
  const jobId = job?.jobId ?? '';
  const again = await new RunningCommand(['--job-id', jobId, '--resume', '--url', service.url, '-q'], {})
    .ended;
  expect(again.code).toBe(0);
  expect(again.stdout.split('\n').filter((line) => line !== '')).toHaveLength(COUNT);
  await client.jobs.delete(jobId);
});

it('is quiet where its reader has left', async () => {
  service.script.requests.when(() => true, requestFault.slow({ firstMs: 100 }));
  const command = start(['-q']);
  command.child.stdout?.destroy();
  expect(await command.ended).toMatchObject({ code: 0, stderr: '' });
});

it('redraws one line on a terminal, which makes way for warnings and is gone at the end', () => {
  let screen = '';
  const progress = new Progress({ isTTY: true, columns: 30, write: (text) => (screen += text) }, false);
  progress.step('a/film.mkv', 'sending');
  progress.fraction('a/film.mkv', 'sending', 1);
  progress.step('talk.mp3', 'sending');
  progress.warn('film.mkv: a warning');
  progress.done('a/film.mkv', 'wrote film.es.srt');
  progress.close();
  const shown = screen.split('\r\u001b[K');
  expect(shown).toEqual([
    'film.mkv: sending',
    'film.mkv: sending 100%',
    'film.mkv: sending 100%  talk.',
    'film.mkv: a warning\nfilm.mkv: sending 100%  talk.',
    'a/film.mkv: wrote film.es.srt\ntalk.mp3: sending',
    '',
  ]);
});

it('takes a terminal that does not know its width for one of 80 columns', () => {
  let screen = '';
  const progress = new Progress({ isTTY: true, columns: 0, write: (text) => (screen += text) }, false);
  progress.step('film.mkv', 'sending');
  expect(screen).toBe('film.mkv: sending');
});

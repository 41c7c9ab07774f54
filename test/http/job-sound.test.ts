/** The sound of a job to readers that do not behave: they keep no file and no connection. */
import { mkdir, open, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { newRecord } from '../../src/jobs/job.js';
import { RawClient, startHttp, until, type HttpFixture } from '../support/http.js';

/** More than any socket holds. */
const BYTES = 100_000_000;

let http: HttpFixture;
let sound: string;
let path: string;

beforeEach(async () => {
  http = await startHttp({ deps: { timing: { stalledReaderMs: 300 } } });
  const profile = { prompt: '', source: 'en', target: 'es', voice: null };
  const record = newRecord({
    ...{ owner: 'anonymous', client: 'address:127.0.0.1', requestId: 'r', profiles: [profile] },
    ...{ transcript: false, format: 'json', subtitles: 'target' },
  });
  const folder = join(http.config.jobs.dir, record.jobId);
  sound = join(folder, 'audio.pcm');
  path = `/api/realtime/jobs/${record.jobId}/sound`;
  await mkdir(folder);
  await writeFile(join(folder, 'job.json'), JSON.stringify({ ...record, state: 'completed' }));
  await writeFile(sound, '');
  await truncate(sound, BYTES);
});
afterEach(() => http.close());

const logged = (): number => http.log.filter(({ msg }) => msg === 'request').length;

it('one that takes nothing is left after a while, and gets the rest when it asks again', async () => {
  const client = new RawClient(http.port);
  client.socket.pause();
  client.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
  await until(() => logged() === 1);
  expect(http.log.at(-1)).toMatchObject({ status: 200, aborted: true });
  client.leave();
  const rest = await fetch(http.url + path, { headers: { range: `bytes=${BYTES}-` } });
  expect([rest.status, (await rest.arrayBuffer()).byteLength]).toEqual([206, 44]);
});

it('one that leaves in the middle ends the reading', async () => {
  const leaving = new AbortController();
  const response = await fetch(http.url + path, { signal: leaving.signal });
  await response.body?.getReader().read();
  leaving.abort();
  await until(() => logged() === 1);
  expect(http.log.at(-1)).toMatchObject({ aborted: true });
});

it('of a sound that becomes shorter meanwhile, the connection is closed instead of the reader waiting for ever', async () => {
  const client = new RawClient(http.port);
  client.socket.pause();
  client.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
  // The first part is under way once the file is open.
  await until(() => client.socket.bytesRead > 0 || client.socket.readableLength > 0 || logged() > 0).catch(
    () => undefined,
  );
  const file = await open(sound, 'r+');
  await file.truncate(1_000);
  await file.close();
  client.socket.resume();
  await client.ended();
  expect(client.received).toContain(`Content-Length: ${BYTES + 44}`);
  expect(client.received.length).toBeLessThan(BYTES);
});

/** The sound of a job for players, and its waveform: as far as it is decoded, in ranges, for its owner alone. */
import { appendFile, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SoundTickets, SOUND_TICKET_TTL_MS } from '../../src/http/middleware/sound-tickets.js';
import { startBeforeScript } from '../support/gateway.js';
import { JobClient, recordingOf } from '../support/jobs/client.js';
import { encodeWav } from '../../src/audio/wav/wav.js';

interface Waveform {
  readonly durationMs: number;
  readonly peaksPerSecond: number;
  readonly peaks: readonly number[];
  readonly sound?: { readonly href: string; readonly expiresAt: string };
}

type Service = Awaited<ReturnType<typeof startBeforeScript>>;

const OWNER = 'mine-of-this-test';
const OTHER = 'other-of-this-test';

let service: Service;
let client: JobClient;
let recording: Buffer;
let jobId: string;

const fileOf = (of: Service, id: string, name: string): string => join(of.jobsDir, id, name);
const soundOf = (id: string, query = ''): string => `/api/realtime/jobs/${id}/sound${query}`;

async function waveformOf(of: JobClient, id: string): Promise<Waveform> {
  const response = await of.ask(`/api/realtime/jobs/${id}/waveform`);
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as Waveform;
}

beforeAll(async () => {
  service = await startBeforeScript({ API_KEYS: `${OWNER},${OTHER}` });
  client = new JobClient(service.url, OWNER);
  recording = await recordingOf(3);
  ({ jobId } = await client.create(recording));
  await client.completed(jobId);
}, 60_000);
afterAll(() => service.close());

describe('the sound', () => {
  it('is the recording as one WAV', async () => {
    const response = await client.ask(soundOf(jobId));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('audio/wav');
    expect(response.headers.get('accept-ranges')).toBe('bytes');
    expect(Buffer.from(await response.arrayBuffer()).equals(recording)).toBe(true);
  });

  it.each([
    ['bytes=0-0', 0, 1],
    ['bytes=0-43', 0, 44],
    ['bytes=40-1043', 40, 1_044],
    ['bytes=50001-60000', 50_001, 60_001],
    ['bytes=100000-', 100_000, Infinity],
    ['bytes=-500', -500, Infinity],
    ['bytes=44-999999999', 44, Infinity],
  ])('gives the range %s', async (range, from, to) => {
    const response = await client.ask(soundOf(jobId), { headers: { range } });
    const expected = recording.subarray(from, to);
    const start = from < 0 ? recording.length + from : from;
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(
      `bytes ${start}-${start + expected.length - 1}/${recording.length}`,
    );
    expect(response.headers.get('content-length')).toBe(String(expected.length));
    expect(Buffer.from(await response.arrayBuffer()).equals(expected)).toBe(true);
  });

  it.each(['bytes=', 'bytes=-', 'bytes=9-3', 'bytes=0-1,5-9', 'seconds=1-2', 'bytes=999999999-'])(
    'comes whole where the range is %s',
    async (range) => {
      const response = await client.ask(soundOf(jobId), { headers: { range } });
      expect(response.status).toBe(200);
      expect((await response.arrayBuffer()).byteLength).toBe(recording.length);
    },
  );

  it('gives ranges of the version that a reader has begun with', async () => {
    const etag = (await client.ask(soundOf(jobId), { method: 'HEAD' })).headers.get('etag') ?? '';
    const ask = async (version: string): Promise<number> =>
      (await client.ask(soundOf(jobId), { headers: { range: 'bytes=0-9', 'if-range': version } })).status;
    expect(etag).toMatch(/^".+"$/);
    expect(await ask(etag)).toBe(206);
    expect(await ask('"another"')).toBe(200);
  });

  it('ends where it is asked to, and says so in its header', async () => {
    const wav = Buffer.from(await (await client.ask(soundOf(jobId, '?untilMs=1000'))).arrayBuffer());
    expect(wav.equals(encodeWav(recording.subarray(44, 44 + 48_000)))).toBe(true);
    const all = Buffer.from(await (await client.ask(soundOf(jobId, '?untilMs=99999999'))).arrayBuffer());
    expect(all.equals(recording)).toBe(true);
  });

  it('is nobody else’s, and neither is the waveform', async () => {
    const other = new JobClient(service.url, OTHER);
    for (const path of [soundOf(jobId), `/api/realtime/jobs/${jobId}/waveform`]) {
      expect((await other.ask(path)).status).toBe(404);
      expect((await new JobClient(service.url).ask(path)).status).toBe(401);
    }
  });

  it('is given without a key for the ticket that comes with the waveform, for this job alone', async () => {
    const { sound } = await waveformOf(client, jobId);
    const href = sound?.href ?? '';
    const anybody = new JobClient(service.url);
    const response = await anybody.ask(href, { headers: { range: 'bytes=0-99' } });
    expect(response.status).toBe(206);
    expect((await anybody.ask(href, { headers: { range: 'bytes=100-199' } })).status).toBe(206);
    const { jobId: another } = await client.create(recording);
    expect((await anybody.ask(href.replace(jobId, another))).status).toBe(401);
    expect((await anybody.ask(href.replace(/.$/, '.'))).status).toBe(401);
    expect((await anybody.ask(`/api/realtime/jobs/${jobId}?${href.split('?')[1] ?? ''}`)).status).toBe(401);
  });
});

describe('the waveform', () => {
  it('has the loudest of every fourth sample for each 50 ms', async () => {
    const { durationMs, peaksPerSecond, peaks } = await waveformOf(client, jobId);
    const samples = new Int16Array(recording.buffer.slice(recording.byteOffset + 44));
    const isLookedAt = (_: number, at: number): boolean => at % 4 === 0;
    expect(durationMs).toBe(Math.floor(samples.length / 24));
    expect(peaksPerSecond).toBe(20);
    const expected = Array.from({ length: Math.ceil(samples.length / 1_200) }, (_, at) =>
      Math.min(
        255,
        samples
          .slice(at * 1_200, (at + 1) * 1_200)
          .filter(isLookedAt)
          .reduce((most, sample) => Math.max(most, Math.abs(sample)), 0) >> 7,
      ),
    );
    expect(peaks).toEqual(expected);
    expect(Math.max(...peaks)).toBeGreaterThan(20);
  });

  it('of an hour has at most 8 000 peaks, and comes at once when it is kept', async () => {
    const { jobId: hour } = await client.create(recording);
    await client.completed(hour);
    const loud = Buffer.alloc(2, 0x7f);
    // The first and the last minute are silent.
    await truncate(fileOf(service, hour, 'audio.pcm'), 0);
    await appendFile(fileOf(service, hour, 'audio.pcm'), Buffer.alloc(60 * 48_000));
    for (let minute = 1; minute < 59; minute += 1)
      await appendFile(fileOf(service, hour, 'audio.pcm'), Buffer.alloc(60 * 48_000, loud));
    await appendFile(fileOf(service, hour, 'audio.pcm'), Buffer.alloc(60 * 48_000));
    const { durationMs, peaksPerSecond, peaks } = await waveformOf(client, hour);
    expect(durationMs).toBe(3_600_000);
    expect(peaks.length).toBeLessThanOrEqual(8_000);
    expect(peaks.length).toBe(3_600 * peaksPerSecond);
    const at = (second: number): number | undefined => peaks[Math.floor(second * peaksPerSecond)];
    expect([at(30), at(90), at(3_500), at(3_570)]).toEqual([0, 254, 254, 0]);
    expect((await readFile(fileOf(service, hour, 'peaks'))).length).toBe(72_000);
    await rm(fileOf(service, hour, 'audio.pcm'));
    await writeFile(fileOf(service, hour, 'audio.pcm'), '');
    await truncate(fileOf(service, hour, 'audio.pcm'), 3_600 * 48_000);
    // Not read again: the file is silent now.
    expect((await waveformOf(client, hour)).peaks).toEqual(peaks);
  }, 30_000);
});

describe('while the recording is decoded', () => {
  it('both are of what there is, and the sound keeps the length that the waveform had', async () => {
    const { jobId: growing } = await client.create(recording);
    await client.completed(growing);
    // As it was in the middle: nothing but the folder knows where a job is.
    const record = JSON.parse(await readFile(fileOf(service, growing, 'job.json'), 'utf8')) as object;
    const unfinished = { ...record, state: 'running', durationMs: null };
    await writeFile(fileOf(service, growing, 'job.json'), JSON.stringify(unfinished));
    await truncate(fileOf(service, growing, 'audio.pcm'), 48 * 1_025);

    const early = await waveformOf(client, growing);
    expect(early.durationMs).toBe(1_025);
    expect(early.peaks).toHaveLength(21);
    const later = await client.ask(soundOf(growing, '?untilMs=1026'));
    expect(later.status).toBe(409);
    expect(await later.json()).toMatchObject({ code: 'job-not-finished' });

    await appendFile(
      fileOf(service, growing, 'audio.pcm'),
      recording.subarray(44 + 48 * 1_025, 44 + 48 * 2_000),
    );
    const wav = Buffer.from(await (await client.ask(early.sound?.href ?? '')).arrayBuffer());
    expect(wav.equals(encodeWav(recording.subarray(44, 44 + 48 * 1_025)))).toBe(true);
    const { durationMs, peaks } = await waveformOf(client, growing);
    expect(durationMs).toBe(2_000);
    expect(peaks).toEqual((await waveformOf(client, jobId)).peaks.slice(0, 40));

    await truncate(fileOf(service, growing, 'audio.pcm'), 0);
    expect((await client.ask(soundOf(growing))).status).toBe(409);
  }, 60_000);

  it('a sound that could not be decoded is nowhere, and its waveform is empty', async () => {
    const response = await client.post(
      Buffer.from('This is a text and has no sound, whatever its name says.'),
    );
    const { jobId: broken } = (await response.json()) as { jobId: string };
    expect(await client.completed(broken)).toMatchObject({ state: 'failed' });
    const sound = await client.ask(soundOf(broken));
    expect(sound.status).toBe(404);
    expect(await sound.json()).toMatchObject({ code: 'not-found' });
    expect(await waveformOf(client, broken)).toEqual({ durationMs: 0, peaksPerSecond: 20, peaks: [] });
  });
});

describe('a ticket for a sound', () => {
  const digest = (digit: string): string => digit.repeat(64);
  const tickets = new SoundTickets([digest('a'), digest('b')]);
  const ownerOf = (digit: string): string => digit.repeat(16);

  it('ends after twelve hours', () => {
    const ticket = tickets.issue(ownerOf('b'), 'job', 1_000) ?? '';
    expect(tickets.redeem(ticket, 'job', 1_000 + SOUND_TICKET_TTL_MS - 1)).toBe(ownerOf('b'));
    expect(tickets.redeem(ticket, 'job', 1_000 + SOUND_TICKET_TTL_MS)).toBeUndefined();
  });

  it('cannot be made longer, and is worth nothing once its key is removed', () => {
    const ticket = tickets.issue(ownerOf('b'), 'job') ?? '';
    const [ends = '', signature = ''] = ticket.split('.');
    const later = (Number.parseInt(ends, 36) + 1_000).toString(36);
    expect(tickets.redeem(`${later}.${signature}`, 'job')).toBeUndefined();
    expect(new SoundTickets([digest('a')]).redeem(ticket, 'job')).toBeUndefined();
    expect(new SoundTickets([digest('b')]).redeem(ticket, 'job')).toBe(ownerOf('b'));
  });

  it('is not needed where the service is open', () => {
    expect(new SoundTickets([]).issue('anonymous', 'job')).toBeUndefined();
  });
});

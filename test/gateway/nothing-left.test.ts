import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { afterEach, expect, it } from '@jest/globals';
import { requestFault } from '../support/offline.js';
import { post, startBeforeScript } from '../support/gateway.js';
import { eventually } from '../support/pool.js';

let running: Awaited<ReturnType<typeof startBeforeScript>>;

afterEach(() => running.close());

/** Ids of the running ffmpeg processes that this process has started. */
function ffmpegProcesses(): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const [, name, state, parent] =
        /^\d+ \((.*)\) (\w) (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
      return name === 'ffmpeg' && state !== 'Z' && Number(parent) === process.pid;
    } catch {
      return false; // it ended meanwhile
    }
  });
}

/** TCP connections of this process, of both sides. */
function sockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
}

/** 8 kHz, so that ffmpeg has work to do. */
function wav(seconds: number): Blob {
  const header = Buffer.alloc(44);
  const bytes = seconds * 16_000;
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + bytes, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(8_000, 24);
  header.writeUInt32LE(16_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(bytes, 40);
  return new Blob([header, Buffer.alloc(bytes, 7)]);
}

it('nothing is left after many texts, recordings, faults, dropped sockets and clients that leave', async () => {
  const before = sockets();
  running = await startBeforeScript({ RESPONSE_TIMEOUT_MS: '2000', POOL_MAX_WAITING: '1000' });
  const { script, url, gateway, uploads } = running;
  const faults = [
    requestFault.slow({ firstMs: 20, betweenMs: 5 }),
    requestFault.fail(),
    requestFault.drop(1),
    requestFault.incomplete('max_output_tokens'),
    requestFault.requestError('invalid_value'),
    requestFault.hang({ after: 1 }),
  ];
  for (const [index, fault] of faults.entries())
    script.requests.when(({ number }) => number % 8 === index, fault);

  const ask = async (number: number): Promise<string> => {
    const signal = number % 5 === 0 ? AbortSignal.timeout(5 + (number % 100)) : undefined;
    const init = signal === undefined ? {} : { signal };
    const text = `sentence number ${number}`;
    try {
      let response: Response;
      if (number % 3 === 0) {
        const form = new FormData();
        form.append('file', wav(1 + (number % 3)), 'r.wav');
        response = await fetch(`${url}/api/realtime/translate`, { method: 'POST', body: form, ...init });
      } else response = await post(`${url}/api/realtime/translate`, { text }, init);
      const body = (await response.json()) as { text?: string; code?: string };
      if (response.status !== 200) return body.code ?? 'no code';
      if (number % 3 !== 0) expect(body.text).toBe(text);
      return 'ok';
    } catch (error) {
      if (signal?.aborted === true) return 'left';
      throw error;
    }
  };
  const outcomes = await Promise.all(Array.from({ length: 400 }, (_, number) => ask(number)));

  const known = [
    'ok',
    'left',
    'upstream-unavailable',
    'translation-incomplete',
    'upstream-rejected',
    'upstream-timeout',
  ];
  expect(outcomes.filter((outcome) => !known.includes(outcome))).toEqual([]);
  expect(new Set(outcomes).size).toBeGreaterThan(4);
  // The resident resamplers: as many as were at work at the same time.
  await eventually(() => ffmpegProcesses().length <= availableParallelism());
  await script.until(() => script.answering === 0);
  expect(gateway.stats().pool).toMatchObject({ running: 0, waiting: 0 });
  expect((await uploads()).filter((name) => !name.startsWith('.'))).toEqual([]);

  await gateway.close();
  await script.until(() => script.open.length === 0);
  // Earlier ones belong to the test runner.
  await eventually(() => sockets() <= before);
}, 60_000);

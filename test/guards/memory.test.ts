/** How seldom the whole heap is collected: the heap sizes in the start command fit what many requests hold at a time. */
import { readFileSync } from 'node:fs';
import { afterEach, expect, it } from '@jest/globals';
import { API_KEY, TestBed } from '../../bench/test-bed.js';
import { data, format, riff, sine } from '../support/audio/recordings.js';
import { startScripted } from '../support/offline.js';
import { ServiceProcess } from '../support/service.js';

/** Reports each collection of the whole heap on the error output. */
const OBSERVER = `data:text/javascript,${encodeURIComponent(`
  import { writeSync } from 'node:fs';
  import { constants, PerformanceObserver } from 'node:perf_hooks';
  new PerformanceObserver((list) => {
    for (const { detail } of list.getEntries())
      if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) writeSync(2, 'collected\\n');
  }).observe({ entryTypes: ['gc'] });
`)}`;
const CLIENTS = 8;
/** Until the young generation is as large as it becomes. */
const WARM = 16;
const EACH = 8;

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

/** Node's own flags in a line that starts the service. */
function flagsIn(file: string): string[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  const line = lines.find((each) => each.includes('dist/main.js') && each.includes('--enable')) ?? '';
  return line.match(/--[a-z][\w=-]*/g) ?? [];
}

it('has the same flags with npm start, make run and the image', () => {
  const flags = flagsIn('package.json');
  expect(flags.length).toBeGreaterThan(1);
  expect(flagsIn('scripts/run.sh')).toEqual(flags);
  expect(flagsIn('Dockerfile')).toEqual(flags);
});

/** Starts the service with the flags of `npm start`. */
async function startObserved(upstreamUrl: string, env: Record<string, string> = {}): Promise<ServiceProcess> {
  const service = await ServiceProcess.start(
    { REALTIME_PROVIDER: 'compatible', REALTIME_URL: upstreamUrl, LOG_LEVEL: 'warn', ...env },
    [...flagsIn('package.json'), '--import', OBSERVER],
  );
  opened.push(service);
  return service;
}

/** How often the whole heap has been collected. */
function collectionsOf(service: ServiceProcess): number {
  return service.complaints.split('collected').length - 1;
}

it('does not collect the whole heap every few recordings', async () => {
  const upstream = await startScripted();
  opened.push(upstream);
  const service = await startObserved(upstream.url);
  // As many samples as two channels have.
  const samples = sine({ seconds: 10, rate: 2 * 44_100 });
  const wav = riff([format({ rate: 44_100, channels: 2 }), data(samples)]);
  const translations = async (each: number): Promise<void> => {
    const client = async (): Promise<void> => {
      for (let sent = 0; sent < each; sent += 1) {
        const form = new FormData();
        form.set('file', new File([new Uint8Array(wav)], 'recording.wav'));
        const response = await fetch(`${service.url}/api/realtime/translate`, { method: 'POST', body: form });
        expect([response.status, await response.text()]).toEqual([200, expect.any(String)]);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
  };
  await translations(WARM);
  const before = collectionsOf(service);
  await translations(EACH);
  const perCollection = (CLIENTS * EACH) / (collectionsOf(service) - before);
  // With Node's defaults one in three or four, with a large young generation alone as well.
  expect(perCollection).toBeGreaterThan(10);
}, 60_000);

it('does not collect the whole heap while frames of conversations go through it', async () => {
  const testBed = await TestBed.open();
  opened.push(testBed);
  const { urls } = await testBed.upstream();
  const service = await startObserved(urls.replay, {
    ...{ API_KEYS: API_KEY, RELAY_MAX: '200', RELAY_MAX_PER_CLIENT: '200' },
  });
  const load = await testBed.load();
  const converse = (durationMs: number): Promise<unknown> =>
    load.call('converse', {
      url: `${service.url}/realtime-voice`,
      headers: { authorization: `Bearer ${API_KEY}` },
      conversations: 100,
      durationMs,
      pace: 'flat-out',
    });
  // Until V8 has seen which objects outlive a minor collection. Where it then puts their successors among the old ones at
  // once, the next 2.5 s need five full collections or more.
  await converse(2_500);
  const before = collectionsOf(service);
  await converse(2_500);
  expect(collectionsOf(service) - before).toBeLessThan(2);
});

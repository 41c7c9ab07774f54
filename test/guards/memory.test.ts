/** How seldom the whole heap is collected: the heap sizes in the start command fit what many requests hold at a time. */
import { readFileSync } from 'node:fs';
import { afterEach, expect, it } from '@jest/globals';
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

it('does not collect the whole heap every few recordings', async () => {
  const upstream = await startScripted();
  opened.push(upstream);
  const service = await ServiceProcess.start(
    { REALTIME_PROVIDER: 'compatible', REALTIME_URL: upstream.url, LOG_LEVEL: 'warn' },
    [...flagsIn('package.json'), '--import', OBSERVER],
  );
  opened.push(service);
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
  const collections = (): number => service.complaints.split('collected').length - 1;
  await translations(WARM);
  const before = collections();
  await translations(EACH);
  const perCollection = (CLIENTS * EACH) / (collections() - before);
  // With Node's defaults one in three or four, with a large young generation alone as well.
  expect(perCollection).toBeGreaterThan(10);
}, 60_000);

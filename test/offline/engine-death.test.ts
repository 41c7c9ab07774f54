/** When the process of the engine dies hard, its programs end with it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from '@jest/globals';
import { eventually, pipelinesOf, programsIn, untilGone } from '../support/programs.js';

it('a killed service leaves no program behind', async () => {
  const service = spawn(process.execPath, ['--import', 'tsx', 'test/support/engine-process.ts'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(service.stdout, 'data');
    const pipelines = (): Promise<number[]> => pipelinesOf(service.pid);
    await eventually(
      async () => programsIn(await pipelines()),
      // Speaking and hearing come and go; the translators stay.
      (names) =>
        names.includes('lt-proc') && (names.includes('espeak-ng') || names.includes('pocketsphinx_co')),
      // On a machine that has other work the engine takes that long to start all of them.
      40_000,
    );
    const started = await pipelines();
    service.kill('SIGKILL');
    await once(service, 'exit');
    await untilGone(started);
    expect(await programsIn(started)).toEqual([]);
  } finally {
    service.kill('SIGKILL');
  }
}, 60_000);

/** Bait: an address and a file that hostile uploads point at, and that nobody may ever touch. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** More than any file of tests takes. */
const LONGEST_SECONDS = '600';

export interface Canary {
  /** `127.0.0.1:PORT`; any connection to it counts. */
  readonly address: string;
  /** A named pipe: every open for reading is noticed, whatever the file system keeps of access times. */
  readonly path: string;
  /** What was touched, in order. */
  readonly touched: string[];
  close(): Promise<void>;
}

export async function setCanary(): Promise<Canary> {
  const touched: string[] = [];
  const server = createServer((socket) => {
    touched.push('the address');
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const folder = await mkdtemp(join(tmpdir(), 'canary-'));
  const path = join(folder, 'canary.wav');
  await promisify(execFile)('mkfifo', [path]);
  // Opening a pipe for writing takes until somebody opens it for reading. A thread of this process that waited for it
  // would keep the process from exiting for ever, where a test fails and closes nothing.
  const writer = spawn('timeout', [LONGEST_SECONDS, 'sh', '-c', ': > "$0"', path], { stdio: 'ignore' });
  const watched = once(writer, 'exit').then(([code]) => {
    if (code === 0) touched.push('the file');
  });
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    path,
    touched,
    close: async () => {
      writer.kill();
      await watched;
      await rm(folder, { recursive: true });
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}

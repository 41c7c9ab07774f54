/** Bait: an address and a file that hostile uploads point at, and that nobody may ever touch. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

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
  // Opening a pipe for writing takes until somebody opens it for reading.
  const watched = open(path, 'w').then(async (writer) => {
    touched.push('the file');
    await writer.close();
  });
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    path,
    touched,
    close: async () => {
      const reader = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
      await watched;
      await reader.close();
      await rm(folder, { recursive: true });
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}

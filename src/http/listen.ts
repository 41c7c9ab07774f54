/** The beginning and the end of listening. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Config } from '../config/config.js';

/** Answers that are still being written when nothing is translated any more get so long. */
const FLUSH_MS = 1_000;

/** @returns the address of the page, with the port that was taken. Rejects where the address is taken or not ours. */
export async function listen(server: Server, { host, port }: Config['server']): Promise<string> {
  server.listen(port, host);
  await once(server, 'listening');
  return `http://${callableHost(host)}:${(server.address() as AddressInfo).port}`;
}

/** "All addresses" is no address to open in a browser. */
function callableHost(host: string): string {
  const callable = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return callable.includes(':') ? `[${callable}]` : callable;
}

/** Resolves when every connection is gone. */
export async function stopListening(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const timer = setTimeout(() => {
    server.closeAllConnections();
  }, FLUSH_MS);
  await closed;
  clearTimeout(timer);
}

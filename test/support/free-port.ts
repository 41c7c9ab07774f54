/** A port for a program that cannot listen on port 0 and report what it got. */
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that the system gives to outgoing connections and to port 0, so none of those takes it meanwhile. */
const FIRST = 15_000;
const COUNT = 15_000;

/** A port that nothing listens on now. Chosen at random: several test runs may look for one at the same time. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (await canListen(port)) return port;
  }
}

async function canListen(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

/** A TCP proxy that delays every byte by half a round trip in each direction. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** @returns the URL to use instead of `url` */
export async function startDelay(url: string, roundTripMs: number): Promise<string> {
  const { hostname, port } = new URL(url);
  const server = createServer((near) => {
    const far = connect({ port: Number(port), host: hostname });
    forward(near, far, roundTripMs / 2);
    forward(far, near, roundTripMs / 2);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const distant = new URL(url);
  distant.port = String((server.address() as AddressInfo).port);
  return distant.href;
}

function forward(from: Socket, to: Socket, afterMs: number): void {
  from.setNoDelay(true);
  from.on('data', (chunk) => {
    setTimeout(() => to.write(chunk), afterMs);
  });
  from.on('error', () => to.destroy());
  from.on('close', () => {
    setTimeout(() => to.destroy(), afterMs);
  });
}

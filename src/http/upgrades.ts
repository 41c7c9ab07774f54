/** Requests for an upgrade pass the app like any other, so that keys, limits, draining and problems are the same for them. */
import { ServerResponse, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';

interface Upgrade {
  readonly socket: Socket;
  readonly head: Buffer;
}

/** Connections that ask for an upgrade, on their way through the app. */
export class Upgrades {
  readonly #pending = new WeakMap<IncomingMessage, Upgrade>();

  /** Sends them through `app` as well, so that keys, limits, draining and problems are the same for them. */
  attach(server: Server, app: RequestListener): void {
    server.on('upgrade', (req: IncomingMessage, stream, head) => {
      // On a plain HTTP server the stream is a socket.
      const socket = stream as Socket;
      const res = new ServerResponse(req);
      // Whatever is answered in the place of 101 is the last thing on this connection.
      res.shouldKeepAlive = false;
      res.assignSocket(socket);
      res.once('finish', () => {
        socket.end();
      });
      socket.once('error', () => socket.destroy());
      this.#pending.set(req, { socket, head });
      app(req, res);
    });
  }

  /** Takes the connection from its response; undefined where the request asks for no upgrade. */
  take(req: IncomingMessage, res: ServerResponse): Upgrade | undefined {
    const upgrade = this.#pending.get(req);
    if (upgrade !== undefined) res.detachSocket(upgrade.socket);
    return upgrade;
  }
}

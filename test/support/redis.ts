/** A real Redis of the test's own: private port and folder, killed, restarted, frozen and thawed at will. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from './free-port.js';

const START_LIMIT_MS = 10_000;

export interface TestRedis {
  readonly url: string;
  /** Of the process; another one after `restart`. */
  readonly pid: number;
  /** As a crash: nothing is said to the clients. What was written stays, for `restart`. */
  kill(): Promise<void>;
  /** On the same port and with the same data, or with none; after `kill`. */
  restart(options?: { empty: boolean }): Promise<void>;
  /** Connections stay open, and nothing is answered, until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** Kills it and removes its folder. */
  stop(): Promise<void>;
}

/** Every write reaches the disk before its reply (`appendfsync always`), so that `kill` loses nothing. */
export async function startRedis(): Promise<TestRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'rts-redis-'));
  const port = await freePort();
  let server = await startServer(port, folder);
  return {
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      return server.pid ?? 0;
    },
    kill: () => end(server),
    restart: async ({ empty } = { empty: false }) => {
      if (empty) await rm(join(folder, 'appendonlydir'), { recursive: true });
      server = await startServer(port, folder);
    },
    freeze: () => server.kill('SIGSTOP'),
    thaw: () => server.kill('SIGCONT'),
    stop: async () => {
      await end(server);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function startServer(port: number, folder: string): Promise<ChildProcess> {
  const options = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder];
  const persistence = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'];
  const server = spawn('redis-server', [...options, ...persistence], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-4_000);
  };
  server.stdout.on('data', keep);
  server.stderr.on('data', keep);
  server.on('error', (error) => {
    output = `${error.message}. Is the Debian package redis-server installed?`;
  });

  const deadline = Date.now() + START_LIMIT_MS;
  while (!(await answersPing(port))) {
    if (server.exitCode !== null || server.pid === undefined || Date.now() > deadline) {
      server.kill('SIGKILL');
      throw new Error(`redis-server did not start on port ${port}: ${output}`);
    }
    await wait(10);
  }
  return server;
}

/** Only once its data are loaded does Redis answer PONG; before that it connects, and says LOADING. */
async function answersPing(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    socket.write('PING\r\n');
    const [reply] = (await once(socket, 'data')) as [Buffer];
    return reply.toString().startsWith('+PONG');
  } catch {
    return false; // refused: not listening yet
  } finally {
    socket.destroy();
  }
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, 'exit');
  server.kill('SIGKILL');
  await exited;
}

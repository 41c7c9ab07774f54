/** The scripted upstream in its own process; fails on command. */
import type { Responder, ResponderRequest } from '../src/offline/server/responder.js';
import * as connectionFault from '../test/support/fault-server/connection-faults.js';
import * as requestFault from '../test/support/fault-server/request-faults.js';
import { Script } from '../test/support/fault-server/script.js';
import { startOfflineServer } from '../src/offline/server/server.js';
import { answerTo, answerToSound, speechOf, type RequestedFault } from './oracle.js';

/** A command over IPC; each is answered with `{ done: number }`. */
export type UpstreamCommand =
  /** No faults for requests and sockets from now on. */
  | 'heal'
  | 'cut'
  | 'close-1001'
  /** The next requests lose their socket: on arrival, at `response.created`, after some deltas. */
  | 'drop'
  | 'half-open'
  | 'refuse-401'
  | 'refuse-429'
  | 'refuse-503'
  | 'drop-at-opening'
  | 'slow-opening'
  | 'down'
  | 'up';

const FAULTS: Record<RequestedFault, requestFault.RequestFault> = {
  '!slow': requestFault.slow({ firstMs: 300, betweenMs: 60 }),
  '!malformed': requestFault.malformedFrames(),
  '!unknown': requestFault.unknownEvent(),
  '!foreign': requestFault.foreignResponse(),
  '!twice': requestFault.createdTwice(),
  '!failed': requestFault.fail('server_error', { after: 0 }),
  '!limited': requestFault.fail('rate_limit_exceeded'),
  '!length': requestFault.incomplete('max_output_tokens', { after: 2 }),
  '!filtered': requestFault.incomplete('content_filter'),
  '!refused': requestFault.requestError('invalid_value'),
  '!hangs': requestFault.hang({ after: 1 }),
};

function answer({ items }: ResponderRequest): string {
  const part = items.at(-1)?.parts.at(-1);
  if (part?.type === 'audio') return part.transcript ?? answerToSound(part.audio ?? Buffer.alloc(0));
  return answerTo(part?.text ?? '');
}

const script = new Script({ record: false, answer, speech: speechOf, transcript: answerToSound });
/** Numbers of the sockets of the pool; all others carry conversations. */
const poolSockets = new Set<number>();

function resetFaults(): void {
  script.connections.clear();
  script.requests.clear();
  for (const [word, fault] of Object.entries(FAULTS))
    script.requests.when(({ text }) => text.startsWith(`${word} `), fault);
  // Never matches; it only records sockets. Requests of the pool carry a request id in their metadata.
  script.requests.when(({ connection, metadata }) => {
    if ('request_id' in metadata) poolSockets.add(connection);
    return false;
  }, {});
}

const options = { dialect: 'ga', responder: script as Responder, hooks: script } as const;
let server = await startOfflineServer(options);
const { port } = server;

function dropSockets(): void {
  for (const socket of script.open) socket.drop();
}

/** New sockets get this fault; open ones are dropped, so that there will be new ones. */
function disruptNewSockets(fault: connectionFault.ConnectionFault): void {
  script.connections.every(fault);
  dropSockets();
}

async function execute(command: UpstreamCommand): Promise<void> {
  switch (command) {
    case 'heal':
      resetFaults();
      return;
    case 'cut':
      dropSockets();
      return;
    case 'close-1001':
      for (const socket of script.open) socket.drop({ code: 1001, reason: 'The server is restarting.' });
      return;
    case 'drop':
      for (const at of ['request', 'created', 1, 2, 'request', 3] as const)
        script.requests.next(requestFault.drop(at));
      return;
    case 'half-open':
      script.open.find(({ number }) => poolSockets.has(number))?.goSilent();
      return;
    case 'refuse-401':
      disruptNewSockets(connectionFault.rejectUpgrade(401));
      return;
    case 'refuse-429':
      disruptNewSockets(connectionFault.rejectUpgrade(429, { retryAfterS: 1 }));
      return;
    case 'refuse-503':
      disruptNewSockets(connectionFault.rejectUpgrade(503));
      return;
    case 'drop-at-opening':
      disruptNewSockets(connectionFault.dropAtOpening());
      return;
    case 'slow-opening':
      disruptNewSockets(connectionFault.slowOpening(700));
      return;
    case 'down':
      await server.destroy();
      return;
    case 'up':
      server = await startOfflineServer({ ...options, port });
      return;
  }
}

resetFaults();
process.on('message', ({ number, command }: { number: number; command: UpstreamCommand }) => {
  void execute(command).then(() => process.send?.({ done: number }));
});
// The parent process is gone.
process.on('disconnect', () => {
  process.exit(0);
});
process.send?.({ url: server.url });

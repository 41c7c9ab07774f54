/** The scripted upstream as a process of its own, which goes wrong when it is told to. */
import type { Responder, ResponderRequest } from '../src/offline/server/responder.js';
import * as connectionFault from '../test/support/fault-server/connection-faults.js';
import * as requestFault from '../test/support/fault-server/request-faults.js';
import { Script } from '../test/support/fault-server/script.js';
import { startOfflineServer } from '../src/offline/server/server.js';
import { answerTo, answerToSound, speechOf, type AskedFault } from './question.js';

/** What the upstream can be told over IPC; each is answered with `{ done: number }`. */
export type UpstreamOrder =
  /** All is well again for what begins from now on. */
  | 'heal'
  | 'cut'
  | 'close-1001'
  /** Requests lose their socket: at their arrival, at their start, after words. */
  | 'drop'
  | 'half-open'
  | 'refuse-401'
  | 'refuse-429'
  | 'refuse-503'
  | 'drop-at-opening'
  | 'slow-opening'
  | 'down'
  | 'up';

const FAULTS: Record<AskedFault, requestFault.RequestFault> = {
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
/** Sockets that carry translations, by their number; all others carry conversations. */
const pooled = new Set<number>();

function plan(): void {
  script.connections.clear();
  script.requests.clear();
  for (const [word, fault] of Object.entries(FAULTS))
    script.requests.when(({ text }) => text.startsWith(`${word} `), fault);
  // Only looks: requests of the pool bear an id of the service's.
  script.requests.when(({ connection, metadata }) => {
    if ('request_id' in metadata) pooled.add(connection);
    return false;
  }, {});
}

const options = { dialect: 'ga', responder: script as Responder, hooks: script } as const;
let server = await startOfflineServer(options);
const { port } = server;

function cut(): void {
  for (const socket of script.open) socket.drop();
}

/** New sockets meet this fault; those that stand are cut, so that there will be new ones. */
function meet(fault: connectionFault.ConnectionFault): void {
  script.connections.every(fault);
  cut();
}

async function obey(order: UpstreamOrder): Promise<void> {
  switch (order) {
    case 'heal':
      plan();
      return;
    case 'cut':
      cut();
      return;
    case 'close-1001':
      for (const socket of script.open) socket.drop({ code: 1001, reason: 'The server is restarting.' });
      return;
    case 'drop':
      for (const at of ['request', 'created', 1, 2, 'request', 3] as const)
        script.requests.next(requestFault.drop(at));
      return;
    case 'half-open':
      script.open.find(({ number }) => pooled.has(number))?.goSilent();
      return;
    case 'refuse-401':
      meet(connectionFault.rejectUpgrade(401));
      return;
    case 'refuse-429':
      meet(connectionFault.rejectUpgrade(429, { retryAfterS: 1 }));
      return;
    case 'refuse-503':
      meet(connectionFault.rejectUpgrade(503));
      return;
    case 'drop-at-opening':
      meet(connectionFault.dropAtOpening());
      return;
    case 'slow-opening':
      meet(connectionFault.slowOpening(700));
      return;
    case 'down':
      await server.destroy();
      return;
    case 'up':
      server = await startOfflineServer({ ...options, port });
      return;
  }
}

plan();
process.on('message', ({ number, order }: { number: number; order: UpstreamOrder }) => {
  void obey(order).then(() => process.send?.({ done: number }));
});
// Whoever started it is gone.
process.on('disconnect', () => {
  process.exit(0);
});
process.send?.({ url: server.url });

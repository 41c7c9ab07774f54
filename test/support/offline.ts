/** A scripted Realtime server on a free port: the double for everything that talks to an upstream. */
import { Script, type ScriptOptions } from './fault-server/script.js';
import {
  startOfflineServer,
  type OfflineServer,
  type OfflineServerOptions,
} from '../../src/offline/server/server.js';

export * as connectionFault from './fault-server/connection-faults.js';
export * as requestFault from './fault-server/request-faults.js';
export type { Script } from './fault-server/script.js';

export interface Scripted {
  readonly script: Script;
  readonly server: OfflineServer;
  /** `ws://127.0.0.1:PORT/v1/realtime` */
  readonly url: string;
  /** Cuts what is still open; may be called twice. */
  close(): Promise<void>;
}

/** Everything has a default: GA, the last text of each request as its answer. */
export async function startScripted(
  options: ScriptOptions & Partial<Omit<OfflineServerOptions, 'responder' | 'hooks'>> = {},
): Promise<Scripted> {
  const { answer, speech, transcript, record, ...forServer } = options;
  const script = new Script({
    ...(answer && { answer }),
    ...(speech && { speech }),
    ...(transcript && { transcript }),
    ...(record !== undefined && { record }),
  });
  const server = await startOfflineServer({ dialect: 'ga', ...forServer, responder: script, hooks: script });
  return { script, server, url: server.url, close: () => server.destroy() };
}

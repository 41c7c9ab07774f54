/** The whole service on a free port with its parts behind HTTP. */
import type { Logger } from 'pino';
import { startGateway, type Running } from '../gateway.js';
import type { PartServer } from './part-server.js';

export interface CascadeServers {
  readonly stt?: PartServer;
  readonly translator?: PartServer;
  readonly tts?: PartServer;
}

/** Closes the servers with the service. */
export async function startCascade(
  servers: CascadeServers,
  env: Record<string, string> = {},
  logger?: Logger,
): Promise<Running> {
  const urls = {
    ...(servers.stt && { STT_URL: servers.stt.url }),
    ...(servers.translator && { TRANSLATOR_URL: servers.translator.url }),
    ...(servers.tts && { TTS_URL: servers.tts.url }),
  };
  const running = await startGateway({ REALTIME_PROVIDER: 'cascade', ...urls, ...env }, logger);
  return {
    ...running,
    close: async () => {
      await running.close();
      await Promise.all(Object.values(servers).map((server: PartServer) => server.close()));
    },
  };
}

/** Starts the server of a provider that runs in this process. */
import type { Logger } from 'pino';
import type { Config } from '../config/config.js';
import { createSpeechEngine } from '../offline/engine/engine.js';
import type { Responder } from '../offline/server/responder.js';
import { startOfflineServer } from '../offline/server/server.js';
import { providers } from '../providers/index.js';
import type { Closers } from './closers.js';

/** Where the server listens, and what answers in it. */
export interface RunningServer {
  readonly url: string;
  readonly responder: Responder;
}

/**
 * @param given used instead of the speech engine, and not closed with the server.
 * @returns undefined for a provider that is elsewhere.
 */
export async function startLocalServer(
  { provider, dialect, cascade }: Config['upstream'],
  given: Responder | undefined,
  logger: Logger,
  closers: Closers,
): Promise<RunningServer | undefined> {
  if (!providers[provider].local) return undefined;
  const responder =
    given ?? (await createSpeechEngine({ logger, ...(provider === 'cascade' && { parts: cascade }) }));
  if (given === undefined) closers.add(() => responder.close());
  const { missing } = await responder.capabilities();
  for (const part of missing) logger.warn(part);
  const server = await startOfflineServer({ dialect, responder, logger });
  closers.add(() => server.close());
  return { url: server.url, responder };
}

/** The process: environment in, service out, signals to a clean end. */
import type { Logger } from 'pino';
import { ConfigError, loadConfig } from './config.js';
import { createGateway, type Gateway } from './gateway.js';
import { createLogger } from './logger.js';

/** What no configuration can heal: told in a sentence, not as a stack. */
function explain(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (!(error instanceof Error)) return String(error);
  const { code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (code === 'EADDRINUSE')
    return `${address}:${port} is taken. Stop what listens there, or set PORT to another.`;
  if (code === 'EADDRNOTAVAIL') return `${address} is no address of this machine. Set HOST to one.`;
  if (code === 'EACCES' && port !== undefined)
    return `Listening on port ${port} is not allowed. Set PORT above 1023.`;
  return error.stack ?? error.message;
}

async function start(): Promise<void> {
  const config = loadConfig();
  const logger = createLogger(config.server.logLevel);
  const gateway = await createGateway(config, { logger });
  stopOnSignals(gateway, logger);
  try {
    const url = await gateway.listen();
    logger.info({ url }, 'listening');
  } catch (error) {
    await gateway.close();
    throw error;
  }
}

function stopOnSignals(gateway: Gateway, logger: Logger): void {
  let isStopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    // Whoever asks twice does not want to wait.
    if (isStopping) process.exit(1);
    isStopping = true;
    logger.info({ signal }, 'stopping');
    gateway.close().then(
      () => {
        logger.info('stopped');
        process.exit(0);
      },
      (error: unknown) => {
        logger.error({ err: error }, 'the stop failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

try {
  await start();
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exit(1);
}

/** The process: environment in, service out, signals to a clean end. */
import type { Logger } from 'pino';
import { ConfigError, loadConfig } from './config/config.js';
import { createGateway } from './gateway.js';
import { createLogger } from './telemetry/logger.js';

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

/** Runs the service until it is told to stop. */
async function run(): Promise<void> {
  const config = loadConfig();
  const logger = createLogger(config.server.logLevel);
  endOnFault(logger);
  // From here on: a stop that comes while the service still starts is a clean one as well.
  const told = stopSignal(logger);
  const gateway = await createGateway(config, { logger });
  try {
    const url = await gateway.listen();
    logger.info({ url }, 'listening');
    await told;
  } finally {
    await gateway.close();
  }
  logger.info('stopped');
}

/** Resolves at the first SIGTERM or SIGINT. Whoever asks twice does not want to wait: the process ends at once, with 1. */
function stopSignal(logger: Logger): Promise<void> {
  return new Promise((resolve) => {
    let isStopping = false;
    const stop = (signal: NodeJS.Signals): void => {
      logger.info({ signal }, isStopping ? 'stopping at once' : 'stopping');
      if (isStopping) process.exit(1);
      isStopping = true;
      resolve();
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  });
}

/**
 * What nobody caught leaves the process in a state that nobody knows: it is logged, and the process ends with 1, for
 * whoever looks after it to start it again. Rejections that nobody handles come here too.
 */
function endOnFault(logger: Logger): void {
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'a fault that nobody caught');
    process.exit(1);
  });
}

try {
  await run();
  process.exit(0);
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exit(1);
}

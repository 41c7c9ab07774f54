/** The process: reads the environment, runs the service, and stops it on SIGTERM or SIGINT. */
import type { Logger } from 'pino';
import { ConfigError, loadConfig } from './config/config.js';
import { createGateway } from './gateway.js';
import { createLogger } from './telemetry/logger.js';
import { loadDetector } from './translate/language-detector.js';

/** A sentence for faults that the operator can correct, a stack for others. */
function explain(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (!(error instanceof Error)) return String(error);
  const { code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (code === 'EADDRINUSE')
    return `${address}:${port} is in use. Stop what listens there, or set PORT to another port.`;
  if (code === 'EADDRNOTAVAIL') return `${address} is not an address of this machine. Set HOST to one.`;
  if (code === 'EACCES' && port !== undefined)
    return `Listening on port ${port} is not allowed. Set PORT above 1023.`;
  return error.stack ?? error.message;
}

/** Runs the service until it receives a signal. */
async function run(): Promise<void> {
  const config = loadConfig();
  const logger = createLogger(config.server.logLevel);
  endOnFault(logger);
  // Installed before the start, so that a signal during the start stops the service cleanly too.
  const stopped = stopSignal(logger);
  await loadDetector();
  const gateway = await createGateway(config, { logger });
  try {
    const url = await gateway.listen();
    logger.info({ url }, 'listening');
    await stopped;
  } finally {
    await gateway.close();
  }
  logger.info('stopped');
}

/** Resolves at the first SIGTERM or SIGINT. The second one ends the process immediately, with status 1. */
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
 * After an uncaught exception or an unhandled rejection the state of the process is unknown: it is logged, and the process
 * ends with status 1, for its supervisor to restart it.
 */
function endOnFault(logger: Logger): void {
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'uncaught exception');
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

/** `npm run offline`: the offline Realtime server alone, for any client. */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { loadParts } from '../config/config.js';
import { createLogger } from '../telemetry/logger.js';
import { dialects, type DialectName } from '../wire/index.js';
import { createSpeechEngine } from './engine/engine.js';
import type { EngineCapabilities } from './server/responder.js';
import { startOfflineServer } from './server/server.js';

const USAGE = `Usage: npm run offline -- [--port 9090] [--host 127.0.0.1] [--dialect ga|preview]

The offline Realtime server accepts any key and any model. With STT_URL, TRANSLATOR_URL or TTS_URL in the environment that
part is called over HTTP (docs/engines.md).`;

interface Arguments {
  port: number;
  host: string;
  dialect: DialectName;
}

/** @throws Error that names the invalid argument and the valid values. */
function readArguments(args: string[]): Arguments | 'help' {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: 'string', default: '9090' },
      host: { type: 'string', default: '127.0.0.1' },
      dialect: { type: 'string', default: 'ga' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_535) {
    throw new Error(`--port must be a number from 0 (any free port) to 65535, not '${values.port}'.`);
  }
  if (!isDialect(values.dialect))
    throw new Error(`--dialect must be ga or preview, not '${values.dialect}'.`);
  return { port, host: values.host, dialect: values.dialect };
}

function isDialect(name: string): name is DialectName {
  return Object.hasOwn(dialects, name);
}

function describe({ languages, chains, speechSources, voices, parts, missing }: EngineCapabilities): string {
  const pairs =
    languages === 'any'
      ? ['any language to any other']
      : languages.map(({ source, targets }) => `${source} → ${targets.join(', ')}`);
  const rows = [
    ['pairs', pairs.join(' · ')],
    ['chains', chains.map((chain) => chain.join(' → ')).join(' · ')],
    ['recognises', speechSources === 'any' ? 'any language' : speechSources.join(', ')],
    ['voices', voices.join(', ')],
    ...Object.entries(parts ?? {}).map(([name, { kind, model }]) => [
      name,
      [kind, model].filter(Boolean).join(' '),
    ]),
    ...missing.map((part) => ['missing', part]),
  ];
  return rows
    .map(([name = '', what = '']) => `  ${name.padEnd(12)} ${what === '' ? 'none' : what}\n`)
    .join('');
}

/** Runs until SIGINT or SIGTERM. */
async function run({ port, host, dialect }: Arguments): Promise<void> {
  const logger = createLogger('info', process.stderr);
  const engine = await createSpeechEngine({ logger, parts: loadParts() });
  try {
    const server = await startOfflineServer({ dialect, host, port, responder: engine, logger });
    process.stdout.write(`Offline Realtime server (${dialect}) at ${server.url}\n`);
    process.stdout.write(describe(await engine.capabilities()));
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    await server.close();
  } finally {
    await engine.close();
  }
}

async function main(args: string[]): Promise<void> {
  let given: Arguments | 'help';
  try {
    given = readArguments(args);
  } catch (error) {
    fail(`${messageOf(error)}\n\n${USAGE}`);
    return;
  }
  if (given === 'help') process.stdout.write(`${USAGE}\n`);
  else await run(given);
}

function fail(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

await main(process.argv.slice(2)).catch((error: unknown) => {
  fail(messageOf(error));
});

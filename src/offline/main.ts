/** `npm run offline`: the offline Realtime server alone, for any client. */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { loadParts } from '../config/config.js';
import { createLogger } from '../telemetry/logger.js';
import { dialects, type DialectName } from '../wire/index.js';
import { createSpeechEngine } from './engine/engine.js';
import type { EngineCapabilities } from './server/responder.js';
import { imitations, type ImitationName } from './server/like/imitations.js';
import { startOfflineServer } from './server/server.js';

const USAGE = `Usage: npm run offline -- [--port 9090] [--host 127.0.0.1] [--dialect ga|preview|voicelive]
                           [--like openai|hf|localai|speaches|voicelive]

The offline Realtime server accepts any key and any model. With --like it has the habits of another server, and the
dialect of that one. With STT_URL, TRANSLATOR_URL or TTS_URL in the environment that part is called over HTTP
(docs/engines.md).`;

interface Arguments {
  port: number;
  host: string;
  dialect: DialectName;
  like: ImitationName | undefined;
}

/** @throws Error that names the invalid argument and the valid values. */
function readArguments(args: string[]): Arguments | 'help' {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: 'string', default: '9090' },
      host: { type: 'string', default: '127.0.0.1' },
      dialect: { type: 'string' },
      like: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_535) {
    throw new Error(`--port must be a number from 0 (any free port) to 65535, not '${values.port}'.`);
  }
  const { dialect = 'ga', like, host } = values;
  if (!isDialect(dialect)) throw new Error(`--dialect must be one of ${list(dialects)}, not '${dialect}'.`);
  if (like === undefined) return { port, host, dialect, like };
  if (!isImitation(like)) throw new Error(`--like must be one of ${list(imitations)}, not '${like}'.`);
  const own = imitations[like].dialect.name;
  if (values.dialect !== undefined && dialect !== own)
    throw new Error(`${like} speaks the dialect ${own}: leave --dialect out.`);
  return { port, host, dialect: own, like };
}

function isDialect(name: string): name is DialectName {
  return Object.hasOwn(dialects, name);
}

function isImitation(name: string): name is ImitationName {
  return Object.hasOwn(imitations, name);
}

function list(named: object): string {
  return Object.keys(named).join(', ');
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
async function run({ port, host, dialect, like }: Arguments): Promise<void> {
  const logger = createLogger('info', process.stderr);
  const engine = await createSpeechEngine({ logger, parts: loadParts() });
  try {
    const server = await startOfflineServer({
      ...{ dialect, host, port, responder: engine, logger },
      ...(like !== undefined && { kind: imitations[like] }),
    });
    const name = like === undefined ? dialect : `${dialect}, like ${like}`;
    process.stdout.write(`Offline Realtime server (${name}) at ${server.url}\n`);
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

#!/usr/bin/env node
/** `realtime-translate`: the process of the command, its signals and its exit code. */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { COMMAND_HELP, readCommandLine, UsageError } from './arguments.js';
import { EXIT_CODES, runCommand } from './command.js';
import { messageOf } from './recordings.js';

/** The first signal aborts the command; the second one ends the process at once. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

async function main(): Promise<number> {
  // Node's warnings, such as that openAsBlob is experimental, are for developers.
  process.removeAllListeners('warning');
  // Whoever waits for a write receives its error; if standard error itself fails, nobody can be notified.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const { stdin, stdout, stderr } = process;
  const abort = new AbortController();
  let caught: NodeJS.Signals | undefined;
  for (const signal of SIGNALS)
    process.once(signal, () => {
      caught = signal;
      abort.abort();
    });
  try {
    const options = readCommandLine(process.argv.slice(2), process.env, stdin.isTTY);
    if (options === 'help' || options === 'version') {
      stdout.write(options === 'help' ? COMMAND_HELP : `${version()}\n`);
      return EXIT_CODES.done;
    }
    return await runCommand(options, { stdin, stdout, stderr }, abort.signal);
  } catch (error) {
    if (caught !== undefined) return 128 + constants.signals[caught];
    stderr.write(`realtime-translate: ${messageOf(error)}\n`);
    if (!(error instanceof UsageError)) return EXIT_CODES.failed;
    stderr.write('See realtime-translate --help.\n');
    return EXIT_CODES.usage;
  }
}

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

process.exitCode = await main();

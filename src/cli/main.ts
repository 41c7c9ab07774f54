#!/usr/bin/env node
/** `realtime-translate`: the process of the command, its signals and its exit code. */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { COMMAND_HELP, readCommandLine, UsageError } from './arguments.js';
import { EXIT_CODES, runCommand } from './command.js';
import { messageOf } from './recordings.js';

/** Ended by a signal; the second one ends the process at once. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

async function main(): Promise<number> {
  // Node's warnings, such as that openAsBlob is experimental, are for developers.
  process.removeAllListeners('warning');
  // A reader that has enough (`| head`) is not an error.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe);
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

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

process.exitCode = await main();

/** `npm run probe`: finds the settings for a Realtime server. */
import { parseArgs } from 'node:util';
import { bearer } from '../providers/endpoint.js';
import { ProbeError } from './probe-socket.js';
import { probe, type ProbeAttempt, type ProbeResult } from './probe.js';

const USAGE = `Usage: npm run probe -- --url wss://host/v1/realtime [--key KEY] [--model MODEL] [--timeout SECONDS]

Opens some sessions on a Realtime server, asks a few short questions, and prints the lines for .env.
The key is sent as Bearer, and as api-key too.`;

const EXIT = { found: 0, none: 1, unreachable: 2, usage: 64 } as const;

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      url: { type: 'string' },
      key: { type: 'string' },
      model: { type: 'string' },
      timeout: { type: 'string', default: '60' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return EXIT.found;
  }
  const { url: address = '', key, model, timeout } = values;
  if (!URL.canParse(address) || !/^(wss?|https?):$/.test(new URL(address).protocol))
    throw new Error('--url must be a whole address like wss://example.org/v1/realtime.');
  const timeoutMs = 1_000 * Number(timeout);
  if (!(timeoutMs >= 1_000)) throw new Error('--timeout must be a number of seconds, 1 or more.');
  const url = new URL(address);
  if (model !== undefined && !url.searchParams.has('model')) url.searchParams.set('model', model);
  const credentials = key === undefined ? {} : { ...bearer(key), 'api-key': key };
  const result = await probe({ url, credentials, timeoutMs }, (attempt) => {
    say(
      `  ${attempt.dialect} ${attempt.level}: ${attempt.holds ? 'holds' : `no, ${attempt.reason ?? 'unknown'}`}`,
    );
  });
  return conclude(result, url);
}

function conclude({ attempts, found }: ProbeResult, url: URL): number {
  const known = Object.assign({}, ...attempts) as ProbeAttempt;
  say('');
  if (found === undefined) {
    say(
      'isolation            none: this server cannot keep requests apart, or does not answer as the protocol says',
    );
    return EXIT.none;
  }
  const yesNo = (value: boolean | undefined): string =>
    value === undefined ? 'not found out' : value ? 'yes' : 'no';
  say(`dialect              ${found.dialect}`);
  say(`isolation            ${found.level}`);
  say(`responses at a time  ${atOnceOf(found)}`);
  say(`metadata returned    ${yesNo(known.echoesMetadata)}`);
  say(`text-only output     ${yesNo(known.isTextOnly)}`);
  say(`items deleted        ${yesNo(known.deletesItems)}`);
  say('speech               not found out: no recording was sent');
  say('sessions at a time   not found out: sessions were opened one after the other');
  say('');
  say('REALTIME_PROVIDER=compatible');
  say(`REALTIME_URL=${shownAddress(url)}`);
  say(`REALTIME_DIALECT=${found.dialect}`);
  say(`REALTIME_ISOLATION=${found.level}`);
  return EXIT.found;
}

function atOnceOf({ level, atOnce }: ProbeAttempt): string {
  if (atOnce === 'many') return level === 'reference' ? '2 or more' : '2 or more, of which this level uses 1';
  return level === 'inline' ? '1' : '1 (in one conversation)';
}

/** Without what may be a key. */
function shownAddress(url: URL): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  for (const name of [...shown.searchParams.keys()])
    if (/key|token|secret/i.test(name)) shown.searchParams.delete(name);
  return shown.href;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function complain(line: string): void {
  process.stderr.write(`${line}\n`);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ProbeError) {
    complain(`The server cannot be used. ${message}`);
    process.exitCode = EXIT.unreachable;
  } else {
    complain(`${message}\n\n${USAGE}`);
    process.exitCode = EXIT.usage;
  }
}

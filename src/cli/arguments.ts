/** The command line: its options, their checks, and the text of `--help`. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { AnswerFormat } from '../client/index.js';

export const COMMAND_HELP = `Usage: realtime-translate FILE… --to LANG [--format srt] [options]
       realtime-translate --text TEXT --to LANG
       realtime-translate --job-id ID

Translates recordings, films and texts by a realtime translation service.

  FILE                 a recording or film; a folder: those in it, at any depth; "-", or no FILE and a pipe: standard input
  --text TEXT          a text instead of files; "-": standard input
  -t, --to LANG        the language of the answer (es, pt-BR); "es,fr" or repeated for several
  -s, --from LANG      the language that is spoken or written; by default the service finds out
  --prompt TEXT        the only instruction for the model, instead of --to
  --context TEXT       helps, but is not translated

  -f, --format FORMAT  text (default), srt, vtt, json, verbose_json (json with segments)
  --subtitles WHAT     target (default), source, or both
  --transcript         json: the words of the recording too
  --speech FILE        the spoken translation of one text or recording (at most 240 s) as WAV
  --voice NAME         of --speech
  -o, --output PATH    a file, or a folder (with "/" at its end it is made), or "-" for standard output. By default the result
                       of one file goes to standard output, others beside their files: film.mkv becomes film.es.srt
  --overwrite          replace files that exist; by default they are an error
  --skip-existing      leave out recordings whose results exist

  --job                keep the job of each recording: it goes on after Ctrl-C, and its id is printed
  --detach             send the recordings as jobs, print the ids, and end
  --job-id ID          wait for a job that was kept, and print or write its result in any format
  --resume             with --job-id: resume a failed job, or retry failed segments
  --parallel N         recordings at a time (2)

  --url URL            of the service; by default REALTIME_TRANSLATE_URL, else http://127.0.0.1:8000
  -q, --quiet          only warnings and errors
  -h, --help           this text
  --version            of the command

The API key, where the service asks for one, is read from REALTIME_TRANSLATE_KEY.

Exit codes: 0 all is done; 1 something failed; 2 the command line is wrong; 3 all is done, but segments failed and are empty;
130 Ctrl-C (129 SIGHUP, 143 SIGTERM).
`;

/** The command line is wrong: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const FORMATS = ['text', 'srt', 'vtt', 'json', 'verbose_json'] as const satisfies readonly AnswerFormat[];
const SUBTITLES = ['target', 'source', 'both'] as const;

const OPTIONS = {
  text: { type: 'string' },
  to: { type: 'string', short: 't', multiple: true },
  from: { type: 'string', short: 's' },
  prompt: { type: 'string' },
  context: { type: 'string' },
  format: { type: 'string', short: 'f' },
  subtitles: { type: 'string' },
  transcript: { type: 'boolean', default: false },
  speech: { type: 'string' },
  voice: { type: 'string' },
  output: { type: 'string', short: 'o' },
  overwrite: { type: 'boolean', default: false },
  'skip-existing': { type: 'boolean', default: false },
  job: { type: 'boolean', default: false },
  detach: { type: 'boolean', default: false },
  'job-id': { type: 'string' },
  resume: { type: 'boolean', default: false },
  parallel: { type: 'string', default: '2' },
  url: { type: 'string' },
  quiet: { type: 'boolean', short: 'q', default: false },
  help: { type: 'boolean', short: 'h', default: false },
  version: { type: 'boolean', default: false },
} as const satisfies ParseArgsConfig['options'];

/** What is translated: recordings, or a text; or the job whose results are fetched. */
export type CommandSource =
  | { readonly kind: 'recordings'; readonly paths: readonly string[] }
  /** `-` is standard input. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'job'; readonly jobId: string; readonly resume: boolean };

export interface CommandOptions {
  readonly source: CommandSource;
  /** In canonical form, each once; empty: the service decides. */
  readonly to: readonly string[];
  readonly from: string | undefined;
  readonly prompt: string | undefined;
  readonly context: string | undefined;
  readonly voice: string | undefined;
  readonly format: AnswerFormat | undefined;
  readonly subtitles: (typeof SUBTITLES)[number] | undefined;
  readonly transcript: boolean;
  /** Where the spoken translation is written; absent: none is wanted. */
  readonly speechPath: string | undefined;
  readonly output: string | undefined;
  readonly existing: 'refuse' | 'overwrite' | 'skip';
  readonly keepsJob: boolean;
  readonly detaches: boolean;
  /** Recordings at a time. */
  readonly concurrency: number;
  readonly url: string;
  readonly key: string | undefined;
  readonly quiet: boolean;
}

/** @throws UsageError that names the option and what it may be. */
export function readCommandLine(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  stdinIsTerminal: boolean,
): CommandOptions | 'help' | 'version' {
  const { values, positionals } = parse(args);
  if (values.help) return 'help';
  if (values.version) return 'version';
  if (values.overwrite && values['skip-existing'])
    throw new UsageError('--overwrite and --skip-existing exclude each other.');
  const options: CommandOptions = {
    source: readSource(values, positionals, stdinIsTerminal),
    to: readTargets(values.to ?? []),
    from: values.from,
    prompt: values.prompt,
    context: values.context,
    voice: values.voice,
    format: oneOf('--format', FORMATS, values.format),
    subtitles: oneOf('--subtitles', SUBTITLES, values.subtitles),
    transcript: values.transcript,
    speechPath: values.speech,
    output: values.output,
    quiet: values.quiet,
    existing: values.overwrite ? 'overwrite' : values['skip-existing'] ? 'skip' : 'refuse',
    keepsJob: values.job || values.detach,
    detaches: values.detach,
    concurrency: readCount('--parallel', values.parallel),
    url: readUrl(values.url ?? nonEmpty(env.REALTIME_TRANSLATE_URL) ?? 'http://127.0.0.1:8000'),
    key: nonEmpty(env.REALTIME_TRANSLATE_KEY),
  };
  checkTogether(options);
  return options;
}

type Values = ReturnType<typeof parse>['values'];

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function readSource(values: Values, paths: readonly string[], stdinIsTerminal: boolean): CommandSource {
  const { text, 'job-id': jobId, resume } = values;
  const given = [paths.length > 0, text !== undefined, jobId !== undefined].filter(Boolean).length;
  if (given > 1) throw new UsageError('Give files, --text or --job-id: one of them.');
  if (resume && jobId === undefined) throw new UsageError('--resume goes with --job-id.');
  if (text !== undefined) return { kind: 'text', text };
  if (jobId !== undefined) return { kind: 'job', jobId, resume };
  if (paths.length > 0) return { kind: 'recordings', paths };
  if (stdinIsTerminal) throw new UsageError('Nothing to translate: give a file, --text or --job-id.');
  return { kind: 'recordings', paths: ['-'] };
}

/** Rejects options that exclude each other, before anything is sent. @throws UsageError */
function checkTogether({
  source,
  to,
  format,
  subtitles,
  transcript,
  speechPath,
  keepsJob,
  detaches,
  output,
}: CommandOptions): void {
  if (source.kind === 'text') {
    if (format !== undefined && format !== 'text' && format !== 'json')
      throw new UsageError(`--format ${format} is for recordings; a text has no segments.`);
    if (subtitles !== undefined || transcript || keepsJob)
      throw new UsageError('--subtitles, --transcript, --job and --detach are for recordings.');
  }
  if (speechPath !== undefined) {
    if (source.kind === 'job') throw new UsageError('A job has no speech: leave --speech out.');
    if (to.length > 1 || keepsJob || (format !== undefined && format !== 'text' && format !== 'json'))
      throw new UsageError('--speech goes with one language, --format text or json, and no job.');
  }
  if (detaches && (output !== undefined || speechPath !== undefined))
    throw new UsageError('--detach has no result to write: fetch it with --job-id.');
}

function readTargets(sent: readonly string[]): string[] {
  const tags = sent.flatMap((list) => list.split(',')).map((tag) => tag.trim());
  return [...new Set(tags.filter((tag) => tag !== '').map(canonicalTarget))];
}

function canonicalTarget(tag: string): string {
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? tag;
  } catch {
    throw new UsageError(`--to takes language tags such as es or pt-BR, not "${tag}".`);
  }
}

function oneOf<const Value extends string>(
  name: string,
  allowed: readonly Value[],
  sent: string | undefined,
): Value | undefined {
  if (sent === undefined) return undefined;
  const found = allowed.find((value) => value === sent);
  if (found === undefined) throw new UsageError(`${name} is one of ${allowed.join(', ')}, not "${sent}".`);
  return found;
}

function readCount(name: string, sent: string): number {
  if (!/^[1-9]\d?$/.test(sent)) throw new UsageError(`${name} is a number from 1 to 99, not "${sent}".`);
  return Number(sent);
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

function readUrl(sent: string): string {
  if (URL.canParse(sent) && /^https?:$/.test(new URL(sent).protocol)) return sent;
  throw new UsageError(`--url is a whole address like https://translate.example.org, not "${sent}".`);
}

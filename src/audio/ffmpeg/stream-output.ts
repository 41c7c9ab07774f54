/** Runs ffmpeg on a recording and yields what it prints, as it comes. */
import { GatewayError } from '../../errors.js';
import { undecodableAudio } from '../errors.js';
import { inputOptions, inputUrl, isStreamable } from './arguments.js';
import { toDecodeError } from './errors.js';
import { openInputFile, type DecodeInput } from './input-file.js';
import type { Sandbox } from './sandbox.js';
import { StreamingProcess, type StreamingInput } from './streaming-process.js';

/** What all streams of one decoder share. */
export interface StreamRunner {
  readonly binary: string;
  readonly sandbox: Sandbox;
  /** How long ffmpeg may take to its next output while the consumer waits for it. */
  readonly stallMs: number;
  /** Processes that run; each removes itself. */
  readonly processes: Set<StreamingProcess>;
}

export interface StreamArguments {
  /** Global options, in addition to those of every input. */
  readonly global?: readonly string[];
  /** Empty: ffmpeg prints what its input holds on its standard error, and fails. */
  readonly output: readonly string[];
  /** How much of the end of the standard error is kept; absent: 16 kB. */
  readonly stderrBytes?: number;
}

/**
 * However the iteration ends, the process has exited by then.
 *
 * @throws GatewayError as `toDecodeError` makes it, or `undecodable-audio` when ffmpeg stalls; `signal.reason` when aborted.
 */
export async function* streamOutput(
  runner: StreamRunner,
  source: DecodeInput,
  { global = [], output, stderrBytes }: StreamArguments,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  signal.throwIfAborted();
  const { encoding, path, startsAt } = source;
  const isStream = isStreamable(encoding);
  const inherits = path !== undefined && (!isStream || startsAt !== undefined);
  const file = inherits
    ? await openInputFile(path, isStream ? startsAt : undefined, runner.sandbox.changesUser)
    : undefined;
  try {
    const args = [...inputOptions(encoding), ...global, '-i', inputUrl(encoding), ...output];
    const input = file === undefined ? { read: () => source.read() } : { fd: file.fd };
    yield* readOutput(runner, args, { ...input, stderrBytes }, signal);
  } finally {
    await file?.close();
  }
}

async function* readOutput(
  { binary, sandbox, stallMs, processes }: StreamRunner,
  args: readonly string[],
  input: StreamingInput,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  let process: StreamingProcess;
  try {
    process = new StreamingProcess(binary, sandbox, args, input);
  } catch (error) {
    throw toDecodeError(error);
  }
  processes.add(process);
  const kill = (): void => {
    process.kill();
  };
  signal.addEventListener('abort', kill);
  try {
    yield* readInTime(process, stallMs);
    await process.finish();
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof GatewayError ? error : toDecodeError(error);
  } finally {
    signal.removeEventListener('abort', kill);
    process.kill();
    await process.closed;
    processes.delete(process);
  }
}

/** Yields the output. The time that the consumer takes does not count as a stall. */
async function* readInTime(process: StreamingProcess, stallMs: number): AsyncGenerator<Buffer, void, void> {
  const chunks = process.stdout.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer, void>;
  for (;;) {
    let stalled = false;
    const timer = setTimeout(() => {
      stalled = true;
      process.kill();
    }, stallMs);
    const next = await chunks
      .next()
      .catch((error: unknown) => {
        if (stalled) throw stalledDecode(stallMs);
        throw error;
      })
      .finally(() => {
        clearTimeout(timer);
      });
    if (next.done === true) return;
    yield next.value;
  }
}

function stalledDecode(stallMs: number): GatewayError {
  return undecodableAudio(
    `Decoding the recording stopped for longer than ${stallMs / 1000} s. Export it again, for example as WAV.`,
  );
}

/** Any recording in, PCM 16-bit little-endian mono 24 kHz out. The content decides what it is, not its name. */
import { createReadStream } from 'node:fs';
import { GatewayError } from '../errors.js';
import { Decoder, type Source } from './decoder.js';
import { BYTES_PER_SECOND, durationMs } from './pcm.js';
import { openRecording, type Recording, type RecordingReader } from './recording.js';
import { AUDIO_FORMATS, sniff, type Demuxer } from './sniff.js';
import {
  isOurPcm,
  READ_BYTES,
  readWavHeader,
  readWavSamples,
  sampleFormat,
  streamWavSamples,
  wavDataBytes,
  wavSamplesStart,
  wavSeconds,
  type WavHeader,
} from './wav.js';

export interface NormalizedAudio {
  /** PCM, 16-bit little-endian, mono, 24 kHz. Never empty. */
  readonly pcm: Buffer;
  readonly durationMs: number;
  /** False when the samples are those of the file, untouched. */
  readonly transcoded: boolean;
}

export interface NormalizerOptions {
  /** The ffmpeg to use; absent: that of ffmpeg-static, else `ffmpeg` on PATH. */
  readonly ffmpegPath?: string | undefined;
  /** Folders in which `ffmpeg` is looked for, as in PATH; absent: the usual ones. */
  readonly searchPath?: string | undefined;
  /** ffmpeg processes at work at the same time. */
  readonly concurrency: number;
  /** ffmpeg processes that wait, started ahead, for a recording like the last; absent: none. */
  readonly spare?: number;
  /** How long one ffmpeg process may work. */
  readonly timeoutMs: number;
  /** The longest recording that is taken. */
  readonly maxSeconds: number;
}

/** What the first look at a file found: its samples, or where a decoder gets them. */
type Inspected = { kind: 'samples'; pcm: Buffer } | { kind: 'encoded'; source: Source };

export class AudioNormalizer {
  readonly #decoder: Decoder;
  readonly #maxSeconds: number;

  constructor(options: NormalizerOptions) {
    const { ffmpegPath, searchPath, concurrency, spare = 0, timeoutMs, maxSeconds } = options;
    this.#decoder = new Decoder({ path: ffmpegPath, searchPath, concurrency, spare, timeoutMs });
    this.#maxSeconds = maxSeconds;
  }

  /** ffmpeg processes that run, and recordings that wait for one. */
  get stats(): { running: number; waiting: number } {
    return this.#decoder.stats;
  }

  /** How many decodes ended in which way so far. */
  get outcomes(): ReadonlyMap<string, number> {
    return this.#decoder.outcomes;
  }

  /**
   * Takes the samples of a PCM16 mono 24 kHz WAV as they are, and has one ffmpeg process decode anything else.
   *
   * @param recording stays as it is until the promise settles. The samples of one in memory are its own bytes.
   * @throws GatewayError `unsupported-media-type`, `undecodable-audio`, `empty-audio`, `audio-too-long`, `draining` or
   *   `internal`; `signal.reason` when aborted.
   */
  async normalize(recording: Recording, signal?: AbortSignal): Promise<NormalizedAudio> {
    try {
      return await this.#normalize(recording, signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof GatewayError) throw error;
      throw new GatewayError('internal', 'The server could not read the recording; send it again.', {
        cause: error,
      });
    }
  }

  /** Whether ffmpeg can be started, and which it is or what to do. Without it our own kind of WAV is still taken. */
  check(): Promise<{ ok: boolean; detail: string }> {
    return this.#decoder.check();
  }

  /** Takes no more work for ffmpeg and waits for what there is, which the time limit bounds. */
  close(): Promise<void> {
    return this.#decoder.close();
  }

  /** Takes no more work for ffmpeg, kills its processes, and rejects what they were to decode with `error`. */
  destroy(error?: Error): Promise<void> {
    return this.#decoder.destroy(error);
  }

  async #normalize(recording: Recording, signal: AbortSignal | undefined): Promise<NormalizedAudio> {
    signal?.throwIfAborted();
    const inspected = await this.#inspect(recording);
    signal?.throwIfAborted();

    const transcoded = inspected.kind === 'encoded';
    const pcm = transcoded ? await this.#decode(inspected.source, signal) : inspected.pcm;
    if (pcm.length === 0) throw empty();
    return { pcm, durationMs: durationMs(pcm), transcoded };
  }

  async #inspect(recording: Recording): Promise<Inspected> {
    const reader = await openRecording(recording);
    try {
      if (reader.size === 0) throw empty();
      const demuxer = await sniff(reader);
      if (demuxer === undefined) throw unsupported();
      const header = demuxer === 'wav' ? await this.#checkWav(reader) : undefined;
      if (header !== undefined && isOurPcm(header))
        return { kind: 'samples', pcm: await readWavSamples(reader, header) };
      // Of some containers ffmpeg needs a file to jump in.
      if (typeof recording !== 'string')
        throw new TypeError('The bytes in memory are no recording that is ready.');
      return { kind: 'encoded', source: sourceOf(recording, reader.size, demuxer, header) };
    } finally {
      await reader.close();
    }
  }

  async #checkWav(reader: RecordingReader): Promise<WavHeader> {
    const header = await readWavHeader(reader);
    if (wavDataBytes(header) === 0) throw empty();
    const seconds = wavSeconds(header);
    if (seconds !== undefined && seconds > this.#maxSeconds) throw this.#tooLong(seconds);
    return header;
  }

  async #decode(source: Source, signal: AbortSignal | undefined): Promise<Buffer> {
    const maxBytes = this.#maxSeconds * BYTES_PER_SECOND;
    const { pcm, cut } = await this.#decoder.decode(source, maxBytes, signal);
    if (cut) throw this.#tooLong();
    return pcm;
  }

  #tooLong(seconds?: number): GatewayError {
    const length = seconds === undefined ? 'longer' : `${seconds.toFixed(1)} s long`;
    return new GatewayError(
      'audio-too-long',
      `A recording may last ${this.#maxSeconds} s at most; this one is ${length}. Send it in parts.`,
    );
  }
}

function sourceOf(path: string, size: number, demuxer: Demuxer, header: WavHeader | undefined): Source {
  const format = header === undefined ? undefined : sampleFormat(header);
  if (header === undefined || format === undefined)
    return { encoding: { kind: 'container', demuxer }, path, read: () => streamFile(path), startsAt: 0 };
  // ffmpeg's own WAV reader takes RIFX for little-endian and stops after the first data chunk.
  const { sampleRate, channels } = header;
  const encoding = { kind: 'samples', format, sampleRate, channels } as const;
  return {
    encoding,
    path,
    read: () => streamWavSamples(path, header),
    startsAt: wavSamplesStart(header, size),
  };
}

/** Opens the file when read for the first time, which may never be. */
async function* streamFile(path: string): AsyncGenerator<Buffer> {
  yield* createReadStream(path, { highWaterMark: READ_BYTES });
}

function empty(): GatewayError {
  return new GatewayError('empty-audio', 'There is no sample in the recording. Record it again.');
}

function unsupported(): GatewayError {
  return new GatewayError(
    'unsupported-media-type',
    `The content is no audio that we take, whatever the file is called. We take ${AUDIO_FORMATS.join(', ')}.`,
  );
}

/** The samples of one recording and its segments: in memory, or decoded to a file while they are translated. */
import { open, rm, type FileHandle } from 'node:fs/promises';
import { cutChunks } from '../audio/mixing/samples.js';
import { pcmDurationMs } from '../audio/pcm.js';
import { segmentBytes, type SpeechSegment } from '../audio/speech/segment.js';
import { segmentSpeech, SpeechSegmenter } from '../audio/speech/segmenter.js';

export interface SampleSource {
  /** In order, each once it is certain. To be iterated once. */
  readonly segments: AsyncIterable<SpeechSegment>;
  /** PCM16 mono 24 kHz of a segment that was yielded. */
  readonly read: (segment: SpeechSegment) => Promise<Buffer>;
  /** What is decoded so far; the whole recording once `segments` has ended. */
  readonly durationMs: number;
  /** Whether the recording is short and in memory: it is translated at once, without waiting for other recordings. */
  readonly isInMemory: boolean;
  /** Stops the decoding, and removes the file unless it is kept. */
  close(): Promise<void>;
}

/** @param pcm PCM16 mono 24 kHz */
export function sourceInMemory(pcm: Buffer): SampleSource {
  return {
    segments: segmentSpeech(cooperatively(pcm), { keepsBrief: true }),
    read: (segment) => {
      const { offset, length } = segmentBytes(segment);
      return Promise.resolve(pcm.subarray(offset, offset + length));
    },
    durationMs: Math.round(pcmDurationMs(pcm.length)),
    isInMemory: true,
    close: () => Promise.resolve(),
  };
}

/** Finding speech in 30 s takes so long that other requests must be served meanwhile. */
const CHUNK_BYTES = 64 * 1024;

/** Yields to the event loop every 64 kB. */
async function* cooperatively(pcm: Buffer): AsyncGenerator<Buffer, void, void> {
  for (const chunk of cutChunks(pcm, CHUNK_BYTES)) {
    yield chunk;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export type DecodeSamples = (signal: AbortSignal) => AsyncIterable<Buffer>;

export interface SampleFileOptions {
  /** Whether the file stays when the source is closed. */
  readonly isKept?: boolean;
  /** Awaited once the whole recording is in the file, before `segments` ends; what it throws ends them instead. */
  readonly onDecoded?: (durationMs: number) => Promise<void>;
}

/**
 * Decodes at full speed, however slowly segments are taken: a decoder that waits would hold a place that others need, and a
 * recording that is too long is rejected early. Only segments are queued in memory, about 700 an hour.
 */
export class DecodedFile implements SampleSource {
  readonly isInMemory = false;
  readonly #samplePath: string;
  readonly #options: SampleFileOptions;
  readonly #abort = new AbortController();
  readonly #queue: SpeechSegment[] = [];
  readonly #decoding: Promise<void>;
  #file: Promise<FileHandle> | undefined;
  #bytes = 0;
  #outcome: { readonly error?: unknown } | undefined;
  #wake: (() => void) | undefined;

  /**
   * @param samplePath of the file of the samples.
   * @param decode yields the samples of the whole recording, each chunk once it is in that file, until its signal is aborted.
   */
  constructor(
    samplePath: string,
    decode: DecodeSamples,
    signal: AbortSignal,
    options: SampleFileOptions = {},
  ) {
    this.#samplePath = samplePath;
    this.#options = options;
    const chunks = decode(AbortSignal.any([signal, this.#abort.signal]));
    this.#decoding = this.#decode(chunks).then(
      () => {
        this.#end({});
      },
      (error: unknown) => {
        this.#end({ error });
      },
    );
  }

  get durationMs(): number {
    return Math.round(pcmDurationMs(this.#bytes));
  }

  get segments(): AsyncIterable<SpeechSegment> {
    return this.#iterate();
  }

  readonly read = async (segment: SpeechSegment): Promise<Buffer> => {
    const { offset, length } = segmentBytes(segment);
    this.#file ??= open(this.#samplePath, 'r');
    const file = await this.#file;
    const pcm = Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await file.read(pcm, filled, length - filled, offset + filled);
      if (bytesRead === 0) throw new Error('The file of samples is shorter than its segments.');
      filled += bytesRead;
    }
    return pcm;
  };

  async close(): Promise<void> {
    this.#abort.abort(new Error('The recording is not needed any more.'));
    await this.#decoding;
    await this.#file?.then(
      (file) => file.close(),
      () => undefined,
    );
    if (this.#options.isKept !== true) await rm(this.#samplePath, { force: true });
  }

  async #decode(chunks: AsyncIterable<Buffer>): Promise<void> {
    const segmenter = new SpeechSegmenter();
    for await (const chunk of chunks) {
      this.#bytes += chunk.length;
      this.#add(segmenter.push(chunk));
    }
    this.#add(segmenter.end());
    await this.#options.onDecoded?.(this.durationMs);
  }

  async *#iterate(): AsyncGenerator<SpeechSegment, void, void> {
    for (;;) {
      const segment = this.#queue.shift();
      if (segment !== undefined) yield segment;
      else if (this.#outcome === undefined) await this.#nextChange();
      else if ('error' in this.#outcome) throw this.#outcome.error;
      else return;
    }
  }

  #nextChange(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #add(segments: readonly SpeechSegment[]): void {
    if (segments.length === 0) return;
    this.#queue.push(...segments);
    this.#notify();
  }

  /** An error discards the segments in the queue: nothing more of an unusable recording is translated. */
  #end(outcome: { readonly error?: unknown }): void {
    this.#outcome = outcome;
    if ('error' in outcome) this.#queue.length = 0;
    this.#notify();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

/** `segments.jsonl`: the result of each finished segment, one a line. A killed process loses at most its last line. */
import { open, type FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import { toStorageError } from '../audio/sample-file.js';
import { isError } from '../errors.js';
import type { SegmentResult } from '../recordings/segment-result.js';
import { SegmentCounter, type SegmentCounts } from './segment-counts.js';

const resultSchema: z.ZodType<SegmentResult> = z.object({
  index: z.int().min(0),
  startMs: z.number(),
  endMs: z.number(),
  pauses: z.array(z.object({ startMs: z.number(), endMs: z.number() })),
  source: z.string().optional(),
  translations: z.array(z.object({ target: z.string().nullable(), text: z.string() })),
  warnings: z.array(z.object({ code: z.string(), detail: z.string() })),
});

const correctionSchema = z.object({ index: z.int().min(0), target: z.int().min(0), text: z.string() });

/** A text by hand. `target` is the index of the job's target. */
export type Correction = z.output<typeof correctionSchema>;

const lineSchema = z.union([
  z.object({ attempt: z.int(), result: resultSchema }),
  z.object({ correction: correctionSchema }),
]);

/** A result with the attempt of the job that it came from, or a correction. */
export type LogLine = z.output<typeof lineSchema>;

const NEWLINE = 0x0a;

/** Appends to a log. Half a line of a killed process is ended first; readers skip it. */
export class SegmentLog {
  readonly #file: FileHandle;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** @throws GatewayError `storage-full`; an error of the file system. */
  static async open(path: string): Promise<SegmentLog> {
    const file = await open(path, 'a+', 0o600);
    try {
      const { size } = await file.stat();
      const { buffer } = await file.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1));
      if (size > 0 && buffer[0] !== NEWLINE) await appendTo(file, '\n');
    } catch (error) {
      await file.close();
      throw error;
    }
    return new SegmentLog(file);
  }

  /**
   * Resolves once the line has reached the disk.
   *
   * @throws GatewayError `storage-full`
   */
  async append(line: LogLine): Promise<void> {
    await appendTo(this.#file, `${JSON.stringify(line)}\n`);
    await this.#file.datasync().catch(throwStorageError);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** Reads a log while it grows. A log that does not exist is empty. */
export class SegmentLogReader {
  readonly #path: string;
  #offset = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** @returns the lines that were added since the last call; an unfinished line is left for the next call. */
  async read(): Promise<LogLine[]> {
    const bytes = await this.#newBytes();
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    this.#offset += end;
    return bytes
      .toString('utf8', 0, end)
      .split('\n')
      .flatMap((line) => readLine(line) ?? []);
  }

  async #newBytes(): Promise<Buffer> {
    let file: FileHandle;
    try {
      file = await open(this.#path, 'r');
    } catch (error) {
      if (isError(error) && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0);
      throw error;
    }
    try {
      const { size } = await file.stat();
      const bytes = Buffer.alloc(Math.max(0, size - this.#offset));
      const { bytesRead } = await file.read(bytes, 0, bytes.length, this.#offset);
      return bytes.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }
}

/** The results of a log, with its corrections. */
export class SegmentTable {
  /** The results without their corrections, by index. */
  readonly #results = new Map<number, { attempt: number; result: SegmentResult }>();
  readonly #corrections = new Map<string, string>();
  readonly #counter = new SegmentCounter();

  get counts(): SegmentCounts {
    return this.#counter.counts;
  }

  add(lines: readonly LogLine[]): void {
    for (const line of lines) {
      if ('correction' in line) {
        const { index, target, text } = line.correction;
        this.#corrections.set(`${index}/${target}`, text);
      } else if (this.#counter.add(line.attempt, line.result)) {
        this.#results.set(line.result.index, line);
      }
    }
  }

  /** The segment with its corrections; undefined if it is not finished. */
  get(index: number): SegmentResult | undefined {
    const found = this.#results.get(index);
    return found && this.#withCorrections(found.result);
  }

  /** Every finished segment, in order. */
  get all(): SegmentResult[] {
    return [...this.#results.values()]
      .map(({ result }) => this.#withCorrections(result))
      .sort((one, other) => one.index - other.index);
  }

  /** The results that an attempt need not request again: all that succeeded, and those of the attempt itself. */
  finishedFor(attempt: number, isFailed: (result: SegmentResult) => boolean): Map<number, SegmentResult> {
    const finished = [...this.#results].filter(
      ([, entry]) => entry.attempt >= attempt || !isFailed(entry.result),
    );
    return new Map(finished.map(([index, { result }]) => [index, result]));
  }

  #withCorrections(result: SegmentResult): SegmentResult {
    const translations = result.translations.map((translation, target) => ({
      ...translation,
      text: this.#corrections.get(`${result.index}/${target}`) ?? translation.text,
    }));
    return { ...result, translations };
  }
}

function readLine(line: string): LogLine | undefined {
  if (line === '') return undefined;
  try {
    return lineSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

async function appendTo(file: FileHandle, text: string): Promise<void> {
  await file.appendFile(text).catch(throwStorageError);
}

function throwStorageError(error: unknown): never {
  throw toStorageError(error);
}

/** The memory that all uploads may occupy together: buffers that are used again, which spares the collector of garbage. */

/** Eight of the largest uploads, or some forty of ten seconds. */
const MAX_TOTAL_BYTES = 64 * 1024 * 1024;
/** Sizes are rounded up to a multiple of this, so that an upload of nearly the same size can use the buffer. */
const UNIT_BYTES = 16 * 1024;
/** A buffer is not given to an upload that needs less than this share of it. */
const MIN_USED_SHARE = 0.25;
/** Unused buffers are dropped once no upload has ended for this long. */
const IDLE_MS = 10_000;

export class UploadMemory {
  readonly #totalBytes: number;
  /** The buffers that wait for an upload, the one used last at the end. */
  #free: Buffer[] = [];
  /** Of all buffers, in use or waiting. */
  #bytes = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(totalBytes = MAX_TOTAL_BYTES) {
    this.#totalBytes = totalBytes;
  }

  /** Bytes of the buffers in use, and of those that wait for an upload. */
  get stats(): { used: number; waiting: number } {
    const waiting = this.#free.reduce((sum, { length }) => sum + length, 0);
    return { used: this.#bytes - waiting, waiting };
  }

  /**
   * @returns a buffer of at least this size, with whatever was in it before; undefined when the memory is full, and the
   *   upload has to go to the disk.
   */
  take(bytes: number): Buffer | undefined {
    const at = this.#free.findLastIndex(({ length }) => length >= bytes && bytes >= length * MIN_USED_SHARE);
    const [waiting] = at === -1 ? [] : this.#free.splice(at, 1);
    if (waiting !== undefined) return waiting;
    const size = Math.ceil(bytes / UNIT_BYTES) * UNIT_BYTES;
    while (this.#bytes + size > this.#totalBytes) {
      const oldest = this.#free.shift();
      if (oldest === undefined) return undefined;
      this.#bytes -= oldest.length;
    }
    this.#bytes += size;
    return Buffer.allocUnsafeSlow(size);
  }

  /** @param buffer that was taken, of which nobody holds a view any more: the next upload overwrites it. */
  giveBack(buffer: Buffer): void {
    this.#free.push(buffer);
    this.#idle ??= setTimeout(() => {
      this.#dropIdle();
    }, IDLE_MS).unref();
    this.#idle.refresh();
  }

  /** @param buffer that was taken, and that no other upload may get. */
  forget(buffer: Buffer): void {
    this.#bytes -= buffer.length;
  }

  #dropIdle(): void {
    for (const { length } of this.#free) this.#bytes -= length;
    this.#free = [];
  }
}

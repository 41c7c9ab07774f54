/** A cache of running pipelines: each is started on first use, and the least recently used one is closed above the limit. */
import type { Logger } from 'pino';
import { ApertiumPipeline, PipelineLostError } from './apertium-pipeline.js';

/** A sentence takes a millisecond, the start of a pipeline up to half a second on a busy machine. */
const TIMEOUT_MS = 10_000;

export class PipelineCache {
  readonly #max: number;
  readonly #path: string | undefined;
  readonly #logger: Pick<Logger, 'warn'> | undefined;
  /** By script, the least recently used first. */
  readonly #pipelines = new Map<string, ApertiumPipeline>();
  readonly #ending = new Set<Promise<void>>();
  #closed = false;

  /** @param max the number of pipelines kept; each is up to 16 processes and 150 MB */
  constructor(max: number, path: string | undefined, logger: Pick<Logger, 'warn'> | undefined) {
    this.#max = max;
    this.#path = path;
    this.#logger = logger;
  }

  /**
   * Returns the output of the script's pipeline for a piece. Retries once on a new pipeline if the first is lost, which
   * another piece may have caused.
   * @throws PipelineLostError when the second one is lost too
   */
  async send(script: string, piece: string): Promise<string> {
    try {
      return await this.#getOrStart(script).send(piece);
    } catch (error) {
      if (!(error instanceof PipelineLostError) || this.#closed) throw error;
      this.#logger?.warn({ err: error }, 'a translation pipeline was lost; starting another');
      return this.#getOrStart(script).send(piece);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const script of this.#pipelines.keys()) this.#end(script);
    await Promise.all(this.#ending);
  }

  #getOrStart(script: string): ApertiumPipeline {
    if (this.#closed) throw new PipelineLostError('The pipelines are closed.');
    const known = this.#pipelines.get(script);
    if (known && !known.usable) this.#end(script);
    const pipeline = known?.usable
      ? known
      : new ApertiumPipeline({ script, path: this.#path, timeoutMs: TIMEOUT_MS });
    this.#pipelines.delete(script);
    this.#pipelines.set(script, pipeline);
    this.#evict(script);
    return pipeline;
  }

  /** Busy pipelines are kept, even above the limit. */
  #evict(kept: string): void {
    for (const [script, pipeline] of this.#pipelines) {
      if (this.#pipelines.size <= this.#max) return;
      if (script !== kept && !pipeline.busy) this.#end(script);
    }
  }

  #end(script: string): void {
    const pipeline = this.#pipelines.get(script);
    if (pipeline === undefined) return;
    this.#pipelines.delete(script);
    const ending = pipeline.close().finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }
}

/** The sound of a job as one WAV, as far as it is decoded, and any part of it. */
import { createReadStream } from 'node:fs';
import { BYTES_PER_MS, BYTES_PER_SAMPLE } from '../audio/pcm.js';
import { wavHeader } from '../audio/wav/wav.js';
import { GatewayError } from '../errors.js';
import { hasEnded, type JobRecord } from './job.js';
import type { JobStore } from './store.js';

/** A WAV that does not change: what is decoded after it was opened is not in it. */
export interface JobSound {
  /** Of the whole WAV, its header included. */
  readonly bytes: number;
  /**
   * The bytes from `start` to before `end`. Leaving the loop closes the file.
   *
   * @throws Error if the file has become shorter, because its job began anew after a kill.
   */
  read(start: number, end: number): AsyncGenerator<Buffer, void, void>;
}

const READ_BYTES = 256 * 1_024;

/**
 * @param untilMs the end of the sound; absent: all that is decoded.
 * @throws GatewayError `job-not-finished` if that is not decoded yet, `not-found` if nothing is kept.
 */
export async function openJobSound(store: JobStore, record: JobRecord, untilMs?: number): Promise<JobSound> {
  const decoded = await store.soundBytes(record.jobId);
  const wanted = untilMs === undefined ? decoded : Math.floor(untilMs) * BYTES_PER_MS;
  const isWhole = record.durationMs !== null || hasEnded(record);
  if (decoded === 0 && isWhole) throw nothingKept();
  if (decoded === 0 || (wanted > decoded && !isWhole)) throw notDecoded();
  const available = Math.min(wanted, decoded);
  const soundBytes = available - (available % BYTES_PER_SAMPLE);
  const header = wavHeader(soundBytes);
  const path = store.soundPath(record.jobId);
  return {
    bytes: header.length + soundBytes,
    async *read(start, end) {
      if (start < header.length) yield header.subarray(start, end);
      const fileStart = Math.max(0, start - header.length);
      const fileEnd = end - header.length;
      if (fileEnd <= fileStart) return;
      let left = fileEnd - fileStart;
      // The `end` of a read stream is its last byte.
      const file = createReadStream(path, { start: fileStart, end: fileEnd - 1, highWaterMark: READ_BYTES });
      for await (const chunk of file as AsyncIterable<Buffer>) {
        left -= chunk.length;
        yield chunk;
      }
      if (left > 0) throw new Error('The sound of the job has become shorter.');
    },
  };
}

function nothingKept(): GatewayError {
  return new GatewayError(
    'not-found',
    'Nothing of the sound of this job is kept: it could not be decoded, or no space was left.',
  );
}

function notDecoded(): GatewayError {
  return new GatewayError(
    'job-not-finished',
    'So much of the sound is not decoded yet. Ask again later, or for less.',
    { hint: '`durationMs` of the waveform says how much is.' },
  );
}

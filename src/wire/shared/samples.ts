/** Audio samples: base64 on the wire, a Buffer everywhere else. */
import { z } from 'zod';

import { addWireIssue } from '../errors.js';

/** What one append may carry, in characters of base64 (realtime API reference: 15 MiB). */
const MAX_BASE64_LENGTH = 15 * 1024 * 1024;

/** Stands where a recording goes that is encoded into its frame later. No codec writes null as `audio` otherwise. */
export const AUDIO_HOLE = null;

/** Gives what stands in JSON as `audio`: the base64 of the samples, or a hole for them. */
export type WriteAudio = (samples: Buffer) => string | typeof AUDIO_HOLE;

export function writeSamples(samples: Buffer): string {
  return samples.toString('base64');
}

export function base64Length(samples: Buffer): number {
  return Math.ceil(samples.length / 3) * 4;
}

/**
 * Samples encoded at a time, in whole groups of 3: a string this short is collected while it is young, that of a long
 * recording late.
 */
const CHUNK_BYTES = 48 * 1024;

/** @returns where in the frame the base64 ends */
export function writeSamplesInto(frame: Buffer, at: number, samples: Buffer): number {
  let end = at;
  for (let start = 0; start < samples.length; start += CHUNK_BYTES)
    end += frame.write(samples.toString('base64', start, start + CHUNK_BYTES), end, 'latin1');
  return end;
}

/**
 * Undefined if the text is not base64 throughout. Node's decoder skips other characters and stops at the first padding,
 * so such a text yields fewer bytes than its length promises. It would take the URL-safe alphabet, the protocol does not.
 */
function readSamples(base64: string): Buffer | undefined {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  const length = base64.length - padding;
  const samples = Buffer.from(base64, 'base64');
  const isComplete = length % 4 !== 1 && samples.length === Math.floor((length * 3) / 4);
  return isComplete && !base64.includes('-') && !base64.includes('_') ? samples : undefined;
}

const refuseSamples = (context: z.RefinementCtx) => {
  addWireIssue(context, 'invalid_value', 'Expected base64-encoded audio bytes.');
  return z.NEVER;
};

/** What servers send: padding may be missing. */
export const looseSamples = z
  .string()
  .transform((base64, context) => readSamples(base64) ?? refuseSamples(context));

/** What clients send: padded, and no longer than one event may be. */
export const strictSamples = z
  .string()
  .max(MAX_BASE64_LENGTH)
  .transform((base64, context) => {
    const samples = base64.length % 4 === 0 ? readSamples(base64) : undefined;
    return samples ?? refuseSamples(context);
  });

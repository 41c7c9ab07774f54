/** Audio samples on the wire are base64 text; everywhere else they are a Buffer. */
import { z } from 'zod';

import { addWireIssue } from '../errors.js';

/** What one append may carry, in characters of base64 (realtime API reference: 15 MiB). */
const MAX_BASE64_LENGTH = 15 * 1024 * 1024;

export function writeSamples(samples: Buffer): string {
  return samples.toString('base64');
}

export function base64Length(samples: Buffer): number {
  return Math.ceil(samples.length / 3) * 4;
}

/** Written at a time, whole groups of 3: its text is collected while it is young, that of a long recording late. */
const PIECE_BYTES = 48 * 1024;

/** @returns where in the frame they end. */
export function writeSamplesInto(frame: Buffer, at: number, samples: Buffer): number {
  let end = at;
  for (let start = 0; start < samples.length; start += PIECE_BYTES)
    end += frame.write(samples.toString('base64', start, start + PIECE_BYTES), end, 'latin1');
  return end;
}

/**
 * Node's decoder skips what is not base64 and stops at the first padding, so a text that is not wholly base64
 * yields fewer bytes than its length promises. URL-safe letters it would take, the protocol does not.
 */
export function readSamples(base64: string): Buffer | undefined {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  const length = base64.length - padding;
  const samples = Buffer.from(base64, 'base64');
  const whole = length % 4 !== 1 && samples.length === Math.floor((length * 3) / 4);
  return whole && !base64.includes('-') && !base64.includes('_') ? samples : undefined;
}

const refuseSamples = (context: z.RefinementCtx) => {
  addWireIssue(context, 'invalid_value', 'Expected base64-encoded audio bytes.');
  return z.NEVER;
};

/** What servers send: padding may be missing. */
export const looseSamples = z
  .string()
  .transform((base64, context) => readSamples(base64) ?? refuseSamples(context));

/** What clients send: padded, and not larger than one event may be. */
export const strictSamples = z
  .string()
  .max(MAX_BASE64_LENGTH)
  .transform((base64, context) => {
    const samples = base64.length % 4 === 0 ? readSamples(base64) : undefined;
    return samples ?? refuseSamples(context);
  });

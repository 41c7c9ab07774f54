/** Fields and a schema in, true values out, or everything that is wrong with them at once. */
import type { z } from 'zod';
import type { FieldFault } from '../../errors.js';
import type { ProfileInput } from '../../session/profile.js';
import type { Fields } from './fields.js';
import { invalidRequest, pointerTo, tooLarge } from '../problem.js';
import { TOO_LARGE } from '../schemas.js';

/**
 * @param more faults that the schema cannot see, because they are about several fields.
 * @throws GatewayError `invalid-request`; `payload-too-large` where nothing else is wrong.
 */
export function validate<S extends z.ZodType>(
  gathered: Fields,
  schema: S,
  more: readonly FieldFault[] = [],
): z.output<S> {
  const read = schema.safeParse(gathered.values);
  const faults = [...gathered.faults, ...more];
  const oversize: FieldFault[] = [];
  for (const issue of read.error?.issues ?? []) {
    const field = String(issue.path[0] ?? '');
    const name = gathered.sentAs.get(field) ?? field;
    const isOversize = issue.code === 'custom' && issue.params === TOO_LARGE;
    (isOversize ? oversize : faults).push({
      pointer: pointerTo(name),
      detail: `\`${name}\` ${issue.message}`,
    });
  }
  if (faults.length > 0) throw invalidRequest([...faults, ...oversize]);
  if (oversize.length > 0) throw tooLarge(oversize);
  if (!read.success) throw read.error;
  return read.data;
}

/** What the caller said about the session, without what it did not say. */
export function toProfileInput(fields: {
  prompt?: string | undefined;
  source?: string | undefined;
  target?: string | undefined;
  voice?: string | undefined;
}): ProfileInput {
  const { prompt, source, target, voice } = fields;
  return {
    ...(prompt !== undefined && { prompt }),
    ...(source !== undefined && { source }),
    ...(target !== undefined && { target }),
    ...(voice !== undefined && { voice }),
  };
}

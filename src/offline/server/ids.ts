/** Ids of what the server makes; with their prefix shorter than the protocol's 32 characters. */
import { randomBytes } from 'node:crypto';

export function makeId(prefix: 'sess' | 'conv' | 'item' | 'resp'): string {
  return `${prefix}_${randomBytes(12).toString('hex')}`;
}

/** The settings of a session on a server that is not OpenAI's. */
import type { Dialect, SessionSettings } from '../../wire/index.js';

/** Servers refuse single fields of the settings with an error each; the acknowledgement of the rest follows at once. */
export const FAULT_GRACE_MS = 2_000;

/** A server that cannot switch turn detection off is given one that never answers. */
export function foreignSettings(asked: SessionSettings, dialect: Dialect): SessionSettings {
  return asked.turnDetection === null ? { ...asked, turnDetection: dialect.mutedTurnDetection } : asked;
}

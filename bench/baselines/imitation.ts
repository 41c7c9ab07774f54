/** An imitation of a Realtime server (`LIKE`) that answers every question with the same words, at once. */
import { createLogger } from '../../src/telemetry/logger.js';
import { imitations, type ImitationName } from '../../src/offline/server/like/imitations.js';
import type { Responder } from '../../src/offline/server/responder.js';
import { startOfflineServer } from '../../src/offline/server/server.js';

const responder: Responder = {
  // eslint-disable-next-line @typescript-eslint/require-await
  async *respond() {
    yield { type: 'text', delta: 'El tiempo es bello hoy.' };
  },
  transcribe: () => Promise.resolve({ text: '' }),
  capabilities: () =>
    Promise.resolve({ languages: 'any', chains: [], speechSources: 'any', voices: [], missing: [] }),
  close: () => Promise.resolve(),
};

const kind = imitations[process.env.LIKE as ImitationName];
const logger = createLogger('fatal');
const server = await startOfflineServer({ dialect: kind.dialect.name, kind, responder, logger });
process.send?.(server.url);
process.on('disconnect', () => process.exit(0));

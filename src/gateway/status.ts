/** Readiness checks and capabilities of the service. */
import type { AudioNormalizer } from '../audio/normalize.js';
import type { Config } from '../config/config.js';
import type { Components } from './components.js';
import type { Capabilities, ReadyCheck } from '../http/health.js';
import type { Responder } from '../offline/server/responder.js';
import type { Pool } from '../pool/pool.js';
import { providers } from '../providers/index.js';
import type { LocalServer } from '../providers/provider.js';
import type { SessionRegistry } from '../session/registry.js';

/** @param engine the one that runs in this process, with the parts that it calls */
export async function readyChecks(
  pool: Pool,
  audio: AudioNormalizer,
  sessions: SessionRegistry,
  engine: Responder | undefined,
): Promise<ReadyCheck[]> {
  const [ffmpeg, store, parts = []] = await Promise.all([
    audio.check(),
    sessions.check(),
    engine?.checks?.(),
  ]);
  const { refusal, isStarting } = pool;
  const upstream = isStarting
    ? { ok: false, detail: 'The first connection to the translation provider is being made.' }
    : { ok: refusal === undefined, detail: refusal?.message ?? 'The translation provider accepts us.' };
  return [
    { name: 'upstream', ...upstream },
    { name: 'ffmpeg', ...ffmpeg },
    { name: 'sessions', ...store },
    ...parts,
  ];
}

export async function describeCapabilities(
  { provider, dialect }: Config['upstream'],
  { endpoint, isolation, pool }: Pick<Components, 'endpoint' | 'isolation' | 'pool'>,
  localServer: LocalServer | undefined,
): Promise<Capabilities> {
  const { languages, chains, speechSources, voices, parts } = await providers[provider].capabilities(
    dialect,
    localServer,
  );
  const hears = isolation.hearsRecordings(endpoint.dialect);
  return {
    ...{ provider, model: endpoint.model, dialect, isolation: isolation.level },
    ...{ maxConcurrent: pool.stats.capacity, languages, chains, voices },
    speechSources: hears ? speechSources : [],
    ...(parts !== undefined && { parts }),
  };
}

/** The languages that can be translated from. */
export function sourcesOf({ languages }: Capabilities): readonly string[] | 'any' {
  return languages === 'any' ? 'any' : languages.map(({ source }) => source);
}

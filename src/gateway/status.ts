/** What the service says of itself: whether it can take work, and what it can do. */
import type { AudioNormalizer } from '../audio/normalize.js';
import type { Config } from '../config/config.js';
import type { Capabilities, ReadyCheck } from '../http/ports.js';
import type { Pool } from '../pool/pool.js';
import type { SessionRegistry } from '../session/registry.js';
import type { DialectName } from '../wire/index.js';

export async function readyChecks(
  pool: Pool,
  audio: AudioNormalizer,
  sessions: SessionRegistry,
): Promise<ReadyCheck[]> {
  const [ffmpeg, store] = await Promise.all([audio.check(), sessions.check()]);
  const { refusal, isStarting } = pool;
  const upstream = isStarting
    ? { ok: false, detail: 'The first connection to the translation provider is being made.' }
    : { ok: refusal === undefined, detail: refusal?.message ?? 'The translation provider accepts us.' };
  return [
    { name: 'upstream', ...upstream },
    { name: 'ffmpeg', ...ffmpeg },
    { name: 'sessions', ...store },
  ];
}

/** The published voices; the two newest are of GA alone. */
const OLDER_VOICES = ['alloy', 'ash', 'ballad', 'coral', 'echo', 'sage', 'shimmer', 'verse'];
const PUBLISHED_VOICES: Record<DialectName, readonly string[]> = {
  ga: [...OLDER_VOICES, 'marin', 'cedar'],
  preview: OLDER_VOICES,
};

/** What the provider can do, as far as it depends on the provider. */
export type ProviderCapabilities = Pick<Capabilities, 'languages' | 'chains' | 'speechSources' | 'voices'>;

/** @param engine of the offline provider, which knows what it can do; absent: any other provider's. */
export async function describeCapabilities(
  { provider, dialect }: Config['upstream'],
  model: string,
  engine: { capabilities(): Promise<ProviderCapabilities> } | undefined,
): Promise<Capabilities> {
  const same = { provider, model, dialect };
  if (engine !== undefined) {
    const { languages, chains, speechSources, voices } = await engine.capabilities();
    return { ...same, languages, chains, speechSources, voices };
  }
  const voices = provider === 'compatible' ? [] : PUBLISHED_VOICES[dialect];
  return { ...same, languages: 'any', chains: [], speechSources: 'any', voices };
}

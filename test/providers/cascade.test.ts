/** The settings of the cascade, read from the environment. */
import { describe, expect, it } from '@jest/globals';
import { ConfigError, loadConfig, loadParts } from '../../src/config/config.js';

function faultsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('the parts of a cascade', () => {
  it('are those whose address is set, with their defaults', () => {
    expect(loadParts({ TRANSLATOR_URL: 'http://localhost:11434/v1', TRANSLATOR_MODEL: 'gemma3:4b' })).toEqual(
      {
        stt: undefined,
        translator: {
          url: 'http://localhost:11434/v1',
          apiKey: undefined,
          model: 'gemma3:4b',
          form: 'auto',
          timeoutMs: 60_000,
        },
        tts: undefined,
      },
    );
  });

  it('take voices by language in any spelling of the tag', () => {
    const { tts } = loadParts({
      TTS_URL: 'http://localhost:8880/v1',
      TTS_VOICES: 'en=af_heart, pt-BR = pf_dora',
    });
    expect([...(tts?.voices ?? [])]).toEqual([
      ['en', 'af_heart'],
      ['pt-br', 'pf_dora'],
    ]);
  });

  it.each([
    [{ STT_URL: 'localhost:8080' }, 'STT_URL must be a whole address'],
    [{ TRANSLATOR_URL: 'ws://localhost:1/v1' }, 'TRANSLATOR_URL must be a whole address'],
    [{ TTS_URL: 'http://user:secret@localhost/v1' }, 'TTS_URL must be a whole address'],
    [{ TTS_VOICES: 'en=af_heart,ef_dora' }, 'TTS_VOICES must be language tags and voices'],
    [{ TTS_VOICES: 'english language=x' }, 'entry 1 is not'],
    [{ TRANSLATOR_FORM: 'gpt' }, 'TRANSLATOR_FORM must be one of auto, chat'],
    [{ STT_TIMEOUT_MS: '50' }, 'STT_TIMEOUT_MS must be a whole number from 100 to 300000'],
    [{ TTS_PCM_RATE: '1' }, 'TTS_PCM_RATE must be a whole number'],
  ])('are refused where they cannot be used: %j', (env, words) => {
    const faults = faultsOf(env);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(words);
    expect(faults[0]).not.toContain('secret');
  });
});

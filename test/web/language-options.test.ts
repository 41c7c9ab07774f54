/** The languages that the page offers follow the capabilities of the service. */
import { describe, expect, it } from '@jest/globals';
import { parseCapabilities } from '../../web/src/api/capabilities.js';
import { LanguageOptions } from '../../web/src/language-options.js';

const ENGINE = parseCapabilities({
  provider: 'offline',
  model: 'apertium',
  languages: [
    { source: 'en', targets: ['es', 'ca'] },
    { source: 'es', targets: ['en', 'pt'] },
  ],
  chains: [['en', 'es', 'pt']],
  speechSources: ['en'],
  voices: ['slt'],
  limits: { maxTextChars: 500 },
});
const MODEL = parseCapabilities({ languages: 'any', chains: [], speechSources: 'any' });

const tags = (languages: readonly { tag: string }[]) => languages.map(({ tag }) => tag).sort();

describe('language options', () => {
  it('are the installed pairs, and those through a third language', () => {
    const languageOptions = new LanguageOptions(ENGINE, 'en');
    expect(tags(languageOptions.sources())).toEqual(['en', 'es']);
    expect(tags(languageOptions.targets('en'))).toEqual(['ca', 'es', 'pt']);
    expect(tags(languageOptions.targets('es'))).toEqual(['en', 'pt']);
    expect(tags(languageOptions.targets('auto'))).toEqual(['ca', 'en', 'es', 'pt']);
  });

  it('are many where the model accepts any, but never a language into itself', () => {
    const languageOptions = new LanguageOptions(MODEL, 'en');
    expect(languageOptions.sources().length).toBeGreaterThan(40);
    expect(tags(languageOptions.targets('en'))).toContain('zh-Hant');
    expect(tags(languageOptions.targets('en'))).not.toContain('en');
    expect(languageOptions.onlyTranslates).toBe(false);
  });

  it('have names and an order in the language of the page', () => {
    expect(new LanguageOptions(ENGINE, 'en').sources().map(({ name }) => name)).toEqual([
      'English',
      'Spanish',
    ]);
    expect(new LanguageOptions(ENGINE, 'zh-Hans').name('es')).toBe('西班牙语');
    expect(new LanguageOptions(ENGINE, 'zh-Hant').name('es')).toBe('西班牙文');
  });

  it('allow speech where the engine understands it', () => {
    const languageOptions = new LanguageOptions(ENGINE, 'en');
    expect([languageOptions.supportsSpeech('en'), languageOptions.supportsSpeech('es')]).toEqual([
      true,
      false,
    ]);
    expect(languageOptions.supportsSpeech('auto')).toBe(true);
    expect(new LanguageOptions(MODEL, 'en').supportsSpeech('es')).toBe(true);
    const deaf = new LanguageOptions(parseCapabilities({ speechSources: [] }), 'en');
    expect([deaf.supportsSpeech('auto'), deaf.supportsSpeech('en')]).toEqual([false, false]);
  });
});

describe('limits', () => {
  it('are those of the service, else the documented defaults', () => {
    expect(ENGINE.maxTextChars).toBe(500);
    expect(ENGINE.maxAudioSeconds).toBe(240);
  });
});

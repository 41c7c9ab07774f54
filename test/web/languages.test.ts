/** What is offered follows from what the service can do. */
import { describe, expect, it } from '@jest/globals';
import { readCapabilities } from '../../web/src/api/capabilities.js';
import { LanguageOffer } from '../../web/src/languages.js';

const ENGINE = readCapabilities({
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
const MODEL = readCapabilities({ languages: 'any', chains: [], speechSources: 'any' });

const tags = (languages: readonly { tag: string }[]) => languages.map(({ tag }) => tag).sort();

describe('languages on offer', () => {
  it('are the installed pairs, and those reached by way of a third language', () => {
    const offer = new LanguageOffer(ENGINE, 'en');
    expect(tags(offer.sources())).toEqual(['en', 'es']);
    expect(tags(offer.targets('en'))).toEqual(['ca', 'es', 'pt']);
    expect(tags(offer.targets('es'))).toEqual(['en', 'pt']);
    expect(tags(offer.targets('auto'))).toEqual(['ca', 'en', 'es', 'pt']);
  });

  it('are many where the model takes any, but never a language into itself', () => {
    const offer = new LanguageOffer(MODEL, 'en');
    expect(offer.sources().length).toBeGreaterThan(40);
    expect(tags(offer.targets('en'))).toContain('zh-Hant');
    expect(tags(offer.targets('en'))).not.toContain('en');
    expect(offer.onlyTranslates).toBe(false);
  });

  it('have names, and an order, of the page’s own language', () => {
    expect(new LanguageOffer(ENGINE, 'en').sources().map(({ name }) => name)).toEqual(['English', 'Spanish']);
    expect(new LanguageOffer(ENGINE, 'zh-Hans').name('es')).toBe('西班牙语');
    expect(new LanguageOffer(ENGINE, 'zh-Hant').name('es')).toBe('西班牙文');
  });

  it('can be spoken where the engine understands them', () => {
    const offer = new LanguageOffer(ENGINE, 'en');
    expect([offer.understandsSpeech('en'), offer.understandsSpeech('es')]).toEqual([true, false]);
    expect(offer.understandsSpeech('auto')).toBe(true);
    expect(new LanguageOffer(MODEL, 'en').understandsSpeech('es')).toBe(true);
  });
});

describe('limits', () => {
  it('are the service’s where it tells them, else those of the contract', () => {
    expect(ENGINE.maxTextChars).toBe(500);
    expect(ENGINE.maxAudioSeconds).toBe(240);
  });
});

/** Which languages a request is about, from its metadata and its prompts; and the way between them. */
import { describe, expect, it } from '@jest/globals';
import { LanguageNames } from '../../src/offline/engine/language-names.js';
import { defaultTarget, readPrompt, readLanguages } from '../../src/offline/engine/languages.js';
import type { LanguagePair } from '../../src/offline/engine/apertium-modes.js';
import { PairGraph } from '../../src/offline/engine/pair-graph.js';
import { textItem } from '../support/engine.js';

const names = new LanguageNames(['en', 'es', 'fr', 'pt', 'ca']);

describe('a prompt', () => {
  it.each([
    ['Translate to German', { target: 'de' }],
    ['translate into spanish please', { target: 'es' }],
    [
      'Translate everything the user says from English to Brazilian Portuguese.',
      { source: 'en', target: 'pt-BR' },
    ],
    ['Translate into natural, spoken Catalan (Valencian).', { target: 'ca-valencia' }],
    ['Translate English into French.', { source: 'en', target: 'fr' }],
    ['English to Spanish', { source: 'en', target: 'es' }],
    ['English → Español', { source: 'en', target: 'es' }],
    ['You are a Spanish translator.', { target: 'es' }],
    ['Answer in French only.', { target: 'fr' }],
    ['You are an English teacher. Translate everything to Spanish.', { target: 'es' }],
    ['Translate what is said in French to Spanish.', { source: 'fr', target: 'es' }],
    ['Translate the French text to English. Never answer in French.', { source: 'fr', target: 'en' }],
    ['I speak Spanish. Your answer can only be a translation of what I said.', { source: 'es' }],
    ['from Spanish', { source: 'es' }],
    ['Traduce al inglés lo que digo.', { target: 'en' }],
    ['Traduis en espagnol.', { target: 'es' }],
    ['Traduza para o português.', { target: 'pt' }],
    ['Tradueix del francès al català.', { source: 'fr', target: 'ca' }],
    ['Translate to 日本語', { target: 'ja' }],
    ['Interpret between English and Spanish.', { between: ['en', 'es'] }],
    ['English-Spanish interpreter', { between: ['en', 'es'] }],
    ['If I speak English, answer in Spanish and vice versa.', { between: ['en', 'es'] }],
  ])('«%s» means %j', (prompt, wish) => {
    expect(readPrompt(prompt, names)).toEqual(wish);
  });

  it.each([
    '',
    'Your answer can only be a translation of what I said.',
    'You are a helpful assistant.',
    'Translate everything, in whatever language.',
    'Please polish the text, even in Indonesia.',
    'The guest is a French chef.',
  ])('«%s» names no languages', (prompt) => {
    expect(readPrompt(prompt, names)).toEqual({});
  });
});

describe('a request', () => {
  const request = { metadata: {}, instructions: '', items: [] };

  it('is read by its metadata first: tags in any spelling, names, auto', () => {
    const instructions = 'Translate from French to Catalan.';
    const read = (metadata: Record<string, string>): unknown =>
      readLanguages({ ...request, metadata, instructions }, names);
    expect(read({ source_language: 'EN-us', target_language: 'pt_br' })).toEqual({
      source: 'en-US',
      target: 'pt-BR',
    });
    expect(read({ target_language: 'Spanish' })).toEqual({ source: 'fr', target: 'es' });
    expect(read({ source_language: 'auto', target_language: '' })).toEqual({ source: 'fr', target: 'ca' });
    expect(read({})).toEqual({ source: 'fr', target: 'ca' });
  });

  it('says of metadata that names no language which it is', () => {
    const read = (): unknown => readLanguages({ ...request, metadata: { target_language: 'e s' } }, names);
    expect(read).toThrow("'e s' is not a language tag");
  });

  it('is read by its instructions, then its system items in order; the first with a target decides', () => {
    const items = [
      textItem('I speak French.', 'system'),
      textItem('Translate to Catalan.', 'system'),
      textItem('The letter was translated to German.', 'system'),
    ];
    expect(readLanguages({ ...request, items }, names)).toEqual({ source: 'fr', target: 'ca' });
    expect(readLanguages({ ...request, instructions: 'Translate to Spanish.', items }, names)).toEqual({
      target: 'es',
    });
  });

  it('is not read by what users and assistants said', () => {
    const items = [
      textItem('Translate to German.'),
      textItem('Translate to German.', 'assistant'),
      textItem('How do I say it in French?'),
    ];
    expect(readLanguages({ ...request, items }, names)).toEqual({});
  });

  it('without any wish goes from English to Spanish, from all else to English', () => {
    expect(['en', 'en-GB', 'es', 'fr'].map(defaultTarget)).toEqual(['es', 'es', 'en', 'en']);
  });
});

describe('ways', () => {
  const pair = (source: string, target: string): LanguagePair => ({
    source,
    target,
    script: '',
    analyser: undefined,
  });
  const routes = new PairGraph([
    ...[pair('en', 'es'), pair('es', 'en'), pair('es', 'pt'), pair('es', 'pt-BR'), pair('fr', 'es')],
    ...[pair('en', 'ca'), pair('pt', 'gl')],
  ]);
  const way = (source: string, target: string): string[] | undefined =>
    routes.shortestPath(source, target)?.map((step) => `${step.source}-${step.target}`);

  it('are the shortest, of three steps at most', () => {
    expect(way('en', 'es')).toEqual(['en-es']);
    expect(way('en', 'pt')).toEqual(['en-es', 'es-pt']);
    expect(way('en', 'gl')).toEqual(['en-es', 'es-pt', 'pt-gl']);
    expect(way('fr', 'gl')).toEqual(['fr-es', 'es-pt', 'pt-gl']);
    expect(way('ca', 'en')).toBeUndefined();
    expect(way('en', 'de')).toBeUndefined();
  });

  it('lead to a region where there is one, else to its language', () => {
    expect(way('en', 'pt-BR')).toEqual(['en-es', 'es-pt-BR']);
    expect(way('en', 'pt-PT')).toEqual(['en-es', 'es-pt']);
    expect(way('en-GB', 'es-MX')).toEqual(['en-es']);
    expect(way('en', 'es-Latn-MX')).toEqual(['en-es']);
  });

  it('from a language to itself have no step', () => {
    expect(way('es-ES', 'es-MX')).toEqual([]);
  });

  it('of several steps are listed as chains, regions aside', () => {
    expect(routes.chainsFrom('en')).toEqual([
      ['en', 'es', 'pt'],
      ['en', 'es', 'pt', 'gl'],
    ]);
    expect(routes.targetsOf('es')).toEqual(['en', 'pt', 'pt-BR']);
  });
});

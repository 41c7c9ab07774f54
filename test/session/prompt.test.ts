/** Which prompt, source and target a session gets. */
import { describe, expect, it } from '@jest/globals';
import { makeProfile } from '../../src/session/prompt.js';

const defaultPrompt = 'Your answer can only be a translation of what I said.';

describe('the profile of a session', () => {
  it('takes the default prompt where nothing is said', () => {
    expect(makeProfile({}, { defaultPrompt })).toEqual({
      prompt: defaultPrompt,
      source: null,
      target: null,
      voice: null,
    });
  });

  it('takes a given prompt as it is, and languages beside it as mere labels', () => {
    const wish = { prompt: '  Speak like a pirate.\n', source: 'en', target: 'es', voice: 'marin' };
    expect(makeProfile(wish, { defaultPrompt, defaultTarget: 'fr' })).toEqual(wish);
  });

  it('has no target where a prompt is given without one, whatever the default target', () => {
    const profile = makeProfile({ prompt: 'Into German.' }, { defaultPrompt, defaultTarget: 'es' });
    expect(profile).toMatchObject({ prompt: 'Into German.', target: null });
  });

  it('makes an interpreter prompt from source and target', () => {
    const profile = makeProfile({ source: 'en', target: 'pt-BR' }, { defaultPrompt });
    expect(profile).toMatchObject({ source: 'en', target: 'pt-BR' });
    expect(profile.prompt).toContain('from English to Brazilian Portuguese');
    expect(profile.prompt).toContain('Your answer can only be a translation');
    expect(profile.prompt).not.toContain(defaultPrompt);
  });

  it('makes one from the target alone, for any source', () => {
    const profile = makeProfile({ target: 'es' }, { defaultPrompt });
    expect(profile).toMatchObject({ source: null, target: 'es' });
    expect(profile.prompt).toContain('in whatever language, to Spanish');
  });

  it('uses the default target where neither prompt nor target is given', () => {
    const defaults = { defaultPrompt, defaultTarget: 'es' };
    expect(makeProfile({}, defaults)).toEqual(makeProfile({ target: 'es' }, { defaultPrompt }));
    expect(makeProfile({ source: 'en' }, defaults).prompt).toContain('from English to Spanish');
    expect(makeProfile({ target: 'fr' }, defaults).target).toBe('fr');
  });

  it('tells the language of the speaker to the default prompt where only the source is given', () => {
    const profile = makeProfile({ source: 'fr' }, { defaultPrompt });
    expect(profile).toMatchObject({ source: 'fr', target: null });
    expect(profile.prompt).toBe(`I speak French. ${defaultPrompt}`);
  });

  it('stays far below the 8 000 characters of a prompt, whatever the languages', () => {
    const { prompt } = makeProfile({ source: 'zh-Hant-TW', target: 'sr-Latn-BA' }, { defaultPrompt });
    expect(prompt.length).toBeLessThan(1_000);
  });
});

import { describe, expect, it } from '@jest/globals';
import { fits, pickEviction, select, type Candidate } from '../../src/pool/select.js';

interface Named extends Candidate {
  readonly name: string;
}

function candidate(name: string, more: Partial<Candidate> & { prompts?: string[] } = {}): Named {
  const { prompts = [], ...rest } = more;
  const usual = { state: 'ready', load: 0, capacity: 2, aging: false, voice: undefined } as const;
  return { name, ...usual, hasPrompt: (prompt) => prompts.includes(prompt), ...rest };
}

const selected = (candidates: Named[], voiceLock?: string): string | undefined =>
  select(candidates, voiceLock, 'prompt')?.name;

describe('the socket for a request', () => {
  it.each(['connecting', 'draining', 'closed'] as const)('is none that is %s', (state) => {
    expect(selected([candidate('only', { state })])).toBeUndefined();
  });

  it('is none that is full', () => {
    expect(selected([candidate('only', { load: 2 })])).toBeUndefined();
  });

  it('is the one with the least load', () => {
    expect(selected([candidate('busy', { load: 1 }), candidate('idle')])).toBe('idle');
  });

  it('is not due for retirement where another is free, however busy', () => {
    expect(selected([candidate('aging', { aging: true }), candidate('young', { load: 1 })])).toBe('young');
    expect(selected([candidate('aging', { aging: true }), candidate('full', { load: 2 })])).toBe('aging');
  });

  it('has the voice already, or the prompt, where the load is the same', () => {
    const plain = candidate('plain');
    const prompted = candidate('prompted', { prompts: ['prompt'] });
    const voiced = candidate('voiced', { voice: 'ash' });
    expect(selected([plain, prompted])).toBe('prompted');
    expect(selected([plain, prompted, voiced], 'ash')).toBe('voiced');
    expect(selected([voiced, candidate('busy', { load: 1, voice: 'ash' })], 'ash')).toBe('voiced');
  });

  it('is the first of equals', () => {
    expect(selected([candidate('first'), candidate('second')])).toBe('first');
  });
});

describe('a voice', () => {
  it('fits a socket that has it or none, and text fits every socket', () => {
    expect(fits(candidate('new'), 'ash')).toBe(true);
    expect(fits(candidate('same', { voice: 'ash' }), 'ash')).toBe(true);
    expect(fits(candidate('other', { voice: 'verse' }), 'ash')).toBe(false);
    expect(fits(candidate('any', { voice: 'verse' }), undefined)).toBe(true);
  });

  it('of the provider by default is a voice as well', () => {
    expect(fits(candidate('default', { voice: '' }), 'ash')).toBe(false);
    expect(fits(candidate('default', { voice: '' }), '')).toBe(true);
  });
});

describe('the socket that is closed for a voice', () => {
  it('is the least loaded of those with another voice', () => {
    const candidates = [
      candidate('busy', { voice: 'verse', load: 2 }),
      candidate('quiet', { voice: 'coral', load: 1 }),
      candidate('same', { voice: 'ash' }),
      candidate('new'),
      candidate('going', { voice: 'verse', state: 'draining' }),
    ];
    expect(pickEviction(candidates, 'ash')?.name).toBe('quiet');
  });

  it('is none where text waits, or where every socket fits', () => {
    expect(pickEviction([candidate('any', { voice: 'verse' })], undefined)).toBeUndefined();
    expect(pickEviction([candidate('same', { voice: 'ash' })], 'ash')).toBeUndefined();
  });
});

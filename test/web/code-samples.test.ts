/** The code that Translate shows: whatever is in the text, it is sent as it is. */
import { describe, expect, it } from '@jest/globals';
import { sampleOf, type SampleRequest } from '../../web/src/places/translate/code-samples.js';

const AWKWARD = `@it's "quoted" \\ $HOME\nand <next>`;
const request = (parts: Partial<SampleRequest> = {}): SampleRequest => ({
  origin: 'https://translate.example',
  profile: { source: 'auto', target: 'es', voice: '', prompt: '' },
  input: { text: AWKWARD },
  needsKey: false,
  ...parts,
});

describe('the code of a request', () => {
  it('in curl quotes the text for a shell, and reads no file for a leading @', () => {
    expect(sampleOf('curl', request())).toBe(
      `curl https://translate.example/api/realtime/translate \\\n  --form-string 'text=@it'\\''s "quoted" \\ $HOME\nand <next>' \\\n  --form-string 'target=es'`,
    );
  });

  it('in Python and JavaScript has the text as a literal', () => {
    for (const language of ['Python', 'JavaScript'] as const) {
      const [literal = ''] = /"@it.*(?=,)/.exec(sampleOf(language, request())) ?? [];
      expect(JSON.parse(literal)).toBe(AWKWARD);
    }
  });

  it.each(['curl', 'JavaScript', 'Python'] as const)(
    'in %s names the file, and a placeholder for the key',
    (language) => {
      const code = sampleOf(language, request({ input: { file: 'a talk.mp3' }, needsKey: true }));
      expect(code).toContain('a talk.mp3');
      expect(code).toContain('transcript');
      expect(code).toContain('Bearer YOUR_API_KEY');
    },
  );
});

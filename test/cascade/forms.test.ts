/** What each form sends, byte for byte, held by golden files; `UPDATE_GOLDEN=1` writes them anew, for prettier. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { chatRequest } from '../../src/offline/engine/http/chat-request.js';
import { formOf, forms } from '../../src/offline/engine/http/forms/index.js';
import type { FormSlots } from '../../src/offline/engine/http/form.js';
import { FORM_NAMES, type FormName } from '../../src/providers/cascade.js';

const FOLDER = new URL('../fixtures/forms/', import.meta.url);
const PROMPT = 'You are an interpreter. Translate everything the user says or writes to Spanish.';
const TEXT = 'The bank by the river.\nIt has {text} and {close}.';
const CONTEXT = 'A bank is a bench here.';

const CASES: Readonly<Record<string, Partial<FormSlots> & { model?: string }>> = {
  'en-es': { source: 'en', target: 'es' },
  'auto-pt-BR': { target: 'pt-BR' },
  'zh-Hant-en': { source: 'zh-Hant', target: 'en', text: '河邊的長椅。' },
  'en-es-context': { source: 'en', target: 'es', context: CONTEXT },
  'en-es-context-1.8b': { source: 'en', target: 'es', context: CONTEXT, model: 'HY-MT1.5-1.8B' },
  'no-prompt': { source: 'en', target: 'es', prompt: '' },
};

function requestOf(
  name: FormName,
  { model = 'a-model', ...slots }: Partial<FormSlots> & { model?: string },
): object {
  const form = forms[name];
  const whole = { text: TEXT, source: undefined, target: undefined, prompt: PROMPT, context: '', ...slots };
  return form.kind === 'chat' ? chatRequest(form, model, whole, '00c0ffee') : form.body(whole, 'a-key');
}

describe.each(FORM_NAMES)('the form %s', (name) => {
  const cases = Object.entries(CASES).filter(([, slots]) =>
    forms[name].needs.every((needed) => slots[needed] !== undefined),
  );

  it.each(cases)('asks for %s as its golden file says', (what, slots) => {
    const file = new URL(`${name}.${what}.json`, FOLDER);
    const request = JSON.stringify(requestOf(name, slots));
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, request);
    // Only the blanks between its fields may differ: prettier formats the file.
    expect(request).toBe(JSON.stringify(JSON.parse(readFileSync(file, 'utf8'))));
  });

  it('is named after itself', () => {
    expect(forms[name].name).toBe(name);
  });
});

it('every golden file belongs to a form', () => {
  for (const file of readdirSync(FOLDER)) expect(FORM_NAMES).toContain(file.split('.')[0]);
});

describe('auto', () => {
  it.each([
    ['gemma3:4b', 'chat'],
    ['gpt-4o-mini', 'chat'],
    ['hunyuan-a13b-instruct', 'chat'],
    ['translategemma:12b', 'translategemma'],
    ['google/translategemma-4b-it', 'translategemma'],
    ['tencent/Hunyuan-MT-7B', 'hunyuan'],
    ['HY-MT1.5-1.8B-GGUF', 'hunyuan'],
    ['Unbabel/TowerInstruct-7B-v0.2', 'tower'],
    ['BSC-LT/salamandraTA-7b-instruct', 'tower'],
    ['NiuTrans/LMT-60-8B', 'tower'],
    ['helmt-7b', 'chat'],
  ])('takes the model %s for %s', (model, name) => {
    expect(formOf({ form: 'auto', model, url: 'http://localhost:11434/v1' }).name).toBe(name);
  });

  it.each([
    ['https://api-free.deepl.com', 'deepl'],
    ['https://proxy.example/v2/translate', 'deepl'],
    ['http://localhost:5000/translate', 'libretranslate'],
    ['http://localhost:5000', 'chat'],
  ])('takes the address %s for %s', (url, name) => {
    expect(formOf({ form: 'auto', model: undefined, url }).name).toBe(name);
  });

  it('never goes before a form that is set', () => {
    expect(formOf({ form: 'chat', model: 'translategemma', url: 'https://api.deepl.com' }).name).toBe('chat');
  });
});

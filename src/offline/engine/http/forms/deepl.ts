/** DeepL: codes in capitals, targets with the region or script that it wants, and the context in a field of its own. */
import { z } from 'zod';
import type { ServiceForm } from '../form.js';

const ANSWER = z.looseObject({
  translations: z
    .tuple([z.looseObject({ text: z.string(), detected_source_language: z.string().optional() })])
    .rest(z.unknown()),
});

/** Languages whose target DeepL wants with a region: `en` → `EN-US`, `pt` → `PT-BR` */
const WITH_REGION: ReadonlyMap<string, readonly string[]> = new Map([
  ['en', ['US', 'GB']],
  ['pt', ['BR', 'PT']],
]);

function targetCode(tag: string): string {
  const { language, script, region } = new Intl.Locale(tag).maximize();
  if (language === 'zh') return script === 'Hant' ? 'ZH-HANT' : 'ZH-HANS';
  const regions = WITH_REGION.get(language);
  if (regions === undefined) return language.toUpperCase();
  // British spelling is nearer to that of other countries than American is; likewise European Portuguese.
  const [first = '', second = ''] = regions;
  return `${language.toUpperCase()}-${region === first ? first : second}`;
}

function sourceCode(tag: string): string {
  return new Intl.Locale(tag).language.toUpperCase();
}

export const deeplForm: ServiceForm = {
  kind: 'service',
  name: 'deepl',
  needs: ['target'],
  path: '/v2/translate',
  authorization: (key) => `DeepL-Auth-Key ${key}`,
  body: ({ text, source, target, context }) => ({
    text: [text],
    ...(target !== undefined && { target_lang: targetCode(target) }),
    ...(source !== undefined && { source_lang: sourceCode(source) }),
    ...(context !== '' && { context }),
  }),
  read: (answer) => {
    const { data } = ANSWER.safeParse(answer);
    if (data === undefined) return undefined;
    const [{ text, detected_source_language: language }] = data.translations;
    return { text, language };
  },
};

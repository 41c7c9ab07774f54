/** LibreTranslate: the key stands in the body, Chinese is written by its script, and most languages without a region. */
import { z } from 'zod';
import type { ServiceForm } from '../form.js';

const ANSWER = z.looseObject({
  translatedText: z.string(),
  detectedLanguage: z.looseObject({ language: z.string() }).optional(),
});
const LANGUAGES = z.array(z.looseObject({ code: z.string(), targets: z.array(z.string()) }));

/** `zh-TW` → `zh-Hant`, `pt-BR` stays, `es-MX` → `es` */
function codeOf(tag: string): string {
  const { language, script } = new Intl.Locale(tag).maximize();
  if (language === 'zh') return script === 'Hant' ? 'zh-Hant' : 'zh-Hans';
  return tag.toLowerCase() === 'pt-br' ? 'pt-BR' : language;
}

export const libreTranslateForm: ServiceForm = {
  kind: 'service',
  name: 'libretranslate',
  needs: ['target'],
  path: '/translate',
  languagesPath: '/languages',
  body: ({ text, source, target }, key) => ({
    q: text,
    source: source === undefined ? 'auto' : codeOf(source),
    ...(target !== undefined && { target: codeOf(target) }),
    format: 'text',
    ...(key !== undefined && { api_key: key }),
  }),
  read: (answer) => {
    const { data } = ANSWER.safeParse(answer);
    return data && { text: data.translatedText, language: data.detectedLanguage?.language };
  },
  readLanguages: (answer) =>
    LANGUAGES.safeParse(answer).data?.map(({ code, targets }) => ({
      source: code,
      targets: targets.filter((target) => target !== code),
    })),
};

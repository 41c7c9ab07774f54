/** The forms by name, and which one `auto` is. */
import type { FormName, TranslatorSettings } from '../../../../providers/cascade.js';
import type { TranslationForm } from '../form.js';
import { chatForm } from './chat.js';
import { deeplForm } from './deepl.js';
import { hunyuanForm } from './hunyuan.js';
import { libreTranslateForm } from './libretranslate.js';
import { towerForm } from './tower.js';
import { translateGemmaForm } from './translategemma.js';

export const forms: Readonly<Record<FormName, TranslationForm>> = {
  chat: chatForm,
  translategemma: translateGemmaForm,
  hunyuan: hunyuanForm,
  tower: towerForm,
  libretranslate: libreTranslateForm,
  deepl: deeplForm,
};

/** The form that is set; `auto` goes by the model's name, or by an address that only one kind of translator has. */
export function formOf({
  form,
  model,
  url,
}: Pick<TranslatorSettings, 'form' | 'model' | 'url'>): TranslationForm {
  if (form !== 'auto') return forms[form];
  const name = model?.toLowerCase();
  const byModel = Object.values(forms).find(({ models }) => name !== undefined && models?.test(name));
  if (byModel !== undefined) return byModel;
  const { hostname, pathname } = new URL(url);
  if (/(?:^|\.)deepl\.com$/.test(hostname) || pathname.endsWith('/v2/translate')) return deeplForm;
  return pathname.endsWith('/translate') ? libreTranslateForm : chatForm;
}
